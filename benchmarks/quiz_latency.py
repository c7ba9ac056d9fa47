"""How long `grader quiz` takes until there is something to read, against importing what it stands on.

Runs the commands in turn, interleaved, and prints medians and their ratios to the base: the help, the menu,
the first question of a quiz on a pipe, and the same on a pseudo-terminal, in colour. 1.6 is allowed.

    python benchmarks/quiz_latency.py [ROUNDS] [QUIZ]
"""

from __future__ import annotations

import os
import pty
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BASE = [sys.executable, "-c", "import click, yaml, sqlite3, rich.console"]
QUIZ = "gates"
ALLOWED = 1.6


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    quiz = sys.argv[2] if len(sys.argv) > 2 else QUIZ
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        shutil.copy(ROOT / "course.yaml", course)
        shutil.copytree(ROOT / "quizzes", course / "quizzes")
        grader = [str(Path(sys.executable).with_name("grader")), "--course", folder, "quiz"]
        runs: dict[str, tuple[Callable[[list[str]], None], list[str]]] = {
            "base": (_piped, BASE),
            "help": (_piped, [*grader, "--help"]),
            "menu": (_piped, grader),
            "question, piped": (_piped, [*grader, quiz]),
            "question, terminal": (_on_terminal, [*grader, quiz]),
        }
        _print(_measured(runs, rounds), rounds, quiz)


def _measured(
    runs: dict[str, tuple[Callable[[list[str]], None], list[str]]], rounds: int
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, (run, command) in runs.items():
            started = time.perf_counter()
            run(command)
            if number:  # the first round warms the caches
                times[name].append(time.perf_counter() - started)
    return times


def _print(times: dict[str, list[float]], rounds: int, quiz: str) -> None:
    base = statistics.median(times["base"])
    print(f"{rounds} interleaved rounds, {quiz}; base: {' '.join(BASE[1:])}")
    for name, values in times.items():
        median = statistics.median(values)
        ratio = median / base
        verdict = (
            ""
            if name == "base"
            else f"   {ratio:.2f} x base; {'within' if ratio <= ALLOWED else 'ABOVE'} {ALLOWED}"
        )
        print(f"{name:>18}: median {median * 1e3:6.1f} ms   (min {min(values) * 1e3:.1f}){verdict}")


def _piped(command: list[str]) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)


def _on_terminal(command: list[str]) -> None:
    """Run with a pseudo-terminal until it asks for something, and end it."""
    far, near = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, stdin=near, stdout=near, stderr=near, env=environment)
    os.close(near)
    seen = b""
    while b"\n> " not in seen:
        seen += os.read(far, 65536)
    process.kill()
    process.wait()
    os.close(far)


if __name__ == "__main__":
    main()
