"""How long `grader watch` takes from a save to its verdict, against a cold `grader check`, interleaved.

python benchmarks/watch_latency.py [ROUNDS]
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GRADER = [sys.executable, "-m", "grader", "--course"]


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        for name in ("exercises", "solutions", "course.yaml"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, Path(folder) / name)
        _measure(folder, rounds)


def _measure(folder: str, rounds: int) -> None:
    file = Path(folder) / "exercises/exercise-3/rnn_step_backward.py"
    watch = subprocess.Popen([*GRADER, folder, "watch", "exercise-3"], stdin=-3, stdout=-1, text=True)
    assert watch.stdout
    lines = iter(watch.stdout.readline, "")
    next(line for line in lines if "of 10 credits" in line)
    saves, checks = [], []
    for number in range(rounds):
        time.sleep(0.5)
        started = time.perf_counter()
        file.write_text(file.read_text() + f"# {number}\n")
        next(line for line in lines if "of 10 credits" in line)
        saves.append(time.perf_counter() - started)
        started = time.perf_counter()
        subprocess.run([*GRADER, folder, "check", "exercise-3"], stdout=-1, check=False)
        checks.append(time.perf_counter() - started)
    watch.terminate()
    watch.wait()
    save, check = statistics.median(saves), statistics.median(checks)
    print(
        f"save to verdict {save * 1e3:.0f} ms, check {check * 1e3:.0f} ms: {save / check:.2f} (at most 0.25)"
    )


if __name__ == "__main__":
    main()
