"""How long `grader check exercise-3` takes on its solution, against importing NumPy and pytest.

Runs the commands in turn, interleaved, and prints medians and the two ratios that matter: piped, and on a
pseudo-terminal. A budget line says what is allowed: 1.8 (piped) or 2.1 (terminal) times the base, and
8 ms more for each check.

    python benchmarks/check_latency.py [ROUNDS]
"""

from __future__ import annotations

import os
import pty
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXERCISE = "exercise-3"
SECONDS_A_CHECK = 0.008
BASE = [sys.executable, "-c", "import numpy, pytest"]


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    check = [_grader(), "--course", str(ROOT), "check", EXERCISE, "--submission", str(ROOT / "solutions")]
    checks = subprocess.run([*check, "--format", "json"], capture_output=True, text=True, check=True).stdout
    count = checks.count('"check":')
    runs: dict[str, tuple[Callable[[list[str]], None], list[str]]] = {
        "base": (_piped, BASE),
        "piped": (_piped, check),
        "terminal": (_on_terminal, check),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, (run, command) in runs.items():
            started = time.perf_counter()
            run(command)
            if number:  # the first round warms the caches
                times[name].append(time.perf_counter() - started)
    _print(times, count, rounds)


def _print(times: dict[str, list[float]], checks: int, rounds: int) -> None:
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{rounds} interleaved rounds, {EXERCISE}, {checks} checks; base: {' '.join(BASE[1:])}")
    for name, median in medians.items():
        low, high = min(times[name]), max(times[name])
        print(f"{name:>9}: median {median * 1e3:6.1f} ms   (min {low * 1e3:.1f}, max {high * 1e3:.1f})")
    for name, factor in (("piped", 1.8), ("terminal", 2.1)):
        net = (medians[name] - checks * SECONDS_A_CHECK) / medians["base"]
        raw = medians[name] / medians["base"]
        verdict = "within" if net <= factor else "ABOVE"
        print(f"{name:>9}: {raw:.2f} x base; {net:.2f} x base + 8 ms a check; {verdict} {factor} x")


def _grader() -> str:
    """Return the installed command; this benchmark measures what a student runs."""
    beside = Path(sys.executable).with_name("grader")
    command = str(beside) if beside.exists() else shutil.which("grader")
    if command is None:
        sys.exit("install the package first: pip install -e .")
    return command


def _piped(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.PIPE, check=True)


def _on_terminal(command: list[str]) -> None:
    """Run with a pseudo-terminal as output, read to its end."""
    far, near = pty.openpty()
    process = subprocess.Popen(command, stdin=near, stdout=near, stderr=near)
    os.close(near)
    while True:
        try:
            if not os.read(far, 65536):
                break
        except OSError:  # the other end is closed
            break
    os.close(far)
    if process.wait() != 0:
        sys.exit(f"{command} failed")


if __name__ == "__main__":
    main()
