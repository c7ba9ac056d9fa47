"""What naming a mistake costs: `grader check` with the diagnosis and without it, interleaved; ratios only.

A solution that passes should cost nothing more: 1.00. Of every known mistake the checks are run in this
process; of those that then cost most, the whole `grader check` is run: at most 1.3.

    python benchmarks/diagnosis.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from grader.checks.run import check
from grader.checks.source import Source
from grader.cli import FAILED
from grader.course import Exercise, open_course
from grader.sandbox.pool import WorkerPool, open_pool

ROOT = Path(__file__).resolve().parents[1]
EXERCISES = 3, 5, 9, 12
ALLOWED, WORST = 1.3, 3  # ratio; how many mistakes are measured with the whole command
PROGRAM = """
import functools, sys
from grader.cli import main
from grader.sandbox import process
class Zygote(process.Zygote):  # the command starts it first, and imports the runner only then
    def __init__(self, *arguments):
        super().__init__(*arguments)
        from grader.checks import run as runner
        runner.check = functools.partial(runner.check, diagnose={diagnosis})
process.Zygote = Zygote
main()
"""


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    course = open_course(ROOT)
    with open_pool() as pool, tempfile.TemporaryDirectory() as folder:
        for number in EXERCISES:
            exercise = course[f"exercise-{number}"]
            text = exercise.solution_path.read_text(encoding="utf-8")
            passing = _ratio(partial(_checks, exercise, text, pool), rounds)
            costs = sorted(_costs(exercise, text, pool), reverse=True)
            ratios = [_whole(exercise, wrong, Path(folder), rounds) for _, wrong in costs[:WORST]]
            verdict = "within" if max(ratios) <= ALLOWED else "ABOVE"
            print(
                f"{exercise.id}: passing {passing:.2f}; checks of {len(costs)} mistakes "
                f"{statistics.median(cost for cost, _ in costs):.2f}, at most {costs[0][0]:.2f}; "
                f"whole command, the dearest: {max(ratios):.2f} ({verdict} {ALLOWED})",
                flush=True,
            )


def _costs(exercise: Exercise, text: str, pool: WorkerPool) -> list[tuple[float, str]]:
    """Return every known mistake's ratio, with its source."""
    wrong = [text.replace(one.replace, one.with_) for one in exercise.misconceptions()]
    return [(_ratio(partial(_checks, exercise, one, pool), 3), one) for one in wrong]


def _whole(exercise: Exercise, text: str, folder: Path, rounds: int) -> float:
    file = folder / exercise.stub_path.name
    file.write_text(text, encoding="utf-8")
    arguments = "--course", str(ROOT), "check", exercise.id, "--seed", "1", "--submission", str(file)

    def run(on: bool) -> None:
        program = PROGRAM.format(diagnosis=on)
        ran = subprocess.run(
            [sys.executable, "-c", program, *arguments], stdout=subprocess.DEVNULL, check=False
        )
        if ran.returncode != FAILED:
            sys.exit(f"{exercise.id}: a check should fail, and the command exits with {ran.returncode}")

    return _ratio(run, rounds)


def _checks(exercise: Exercise, text: str, pool: WorkerPool, on: bool) -> None:
    check(exercise, Source(exercise.stub_path.name, text.encode()), pool=pool, seed=1, diagnose=on)


def _ratio(run: Callable[[bool], None], rounds: int) -> float:
    """Return the quickest time with the diagnosis, over the quickest without."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds):
        for on in (True, False) if number % 2 else (False, True):
            started = time.perf_counter()
            run(on)
            times[on].append(time.perf_counter() - started)
    return min(times[True]) / min(times[False])


if __name__ == "__main__":
    main()
