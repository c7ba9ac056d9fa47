"""Limits of time: right but slow code loses nothing on a busy machine, and what never ends is told why."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.checks.collection import load_suite
from grader.checks.report import Report, reports_to_json
from grader.checks.run import check
from grader.checks.source import Source, read_source
from grader.course import Course
from grader.sandbox.pool import WorkerPool
from grader.sandbox.worker import SLOWDOWN, Patience
from tests.checks.test_sharing import LONG, answers
from tests.conftest import with_limits
from tests.helpers import messages
from tests.scenarios.test_attacks import ATTACKS

if TYPE_CHECKING:
    from tests.conftest import Grade

RIGHT, SCALED = "    return 2 * x  # (M, N)", "    stretched ="
COURSE = Path(__file__).parents[2]
IDS = sorted(path.parent.name for path in COURSE.glob("exercises/*/exercise.yaml"))
CALL_SECONDS = 0.3
SHARE = 0.6  # of that limit, which each call of slow code uses
SLOW = f"""
import time
def spend():
    end = time.process_time() + {SHARE * CALL_SECONDS}
    while time.process_time() < end: pass
"""


@pytest.fixture
def solution(tiny: Course) -> str:
    return (tiny.root / "solutions/exercise-1/doubling.py").read_text(encoding="utf-8")


def changed(source: str, double: str = "", scale: str = "") -> str:
    """Put statements into the functions; `scale` calls `double`."""
    assert RIGHT in source
    assert SCALED in source
    return source.replace(RIGHT, f"    {double}\n{RIGHT}").replace(SCALED, f"    {scale}\n{SCALED}")


@contextlib.contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep processors busy with loops of no use."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def as_bytes(report: Report) -> str:
    """Return all of a report but how long it took."""
    return re.sub(r'"seconds": [0-9.e-]+', "", reports_to_json([report]))


@pytest.mark.slow
@pytest.mark.parametrize("exercise_id", IDS if LONG else ("exercise-1",))
def test_reports_are_the_same_byte_for_byte_on_a_busy_machine(
    exercise_id: str, course: Course, pool: WorkerPool
) -> None:
    """What is recognised, and where the mistake is found, as well as every verdict and note."""
    exercise = course[exercise_id]
    controls = [each for each in ATTACKS if each.header["FAMILY"] == "control"]
    of_this = [each for each in controls if each.header["EXERCISE"] == exercise_id]
    handed_in = [*((each.path.name, each.source({})) for each in of_this), *answers(exercise)]
    right = read_source(exercise, COURSE / "solutions")  # for the files of other exercises that it uses
    suites = [load_suite(exercise, seed) for seed in ((1, 2, 3) if LONG else (1,))]

    def reports() -> Iterator[tuple[str, int, str]]:
        for suite in suites:
            for name, data in handed_in:
                source = dataclasses.replace(right, data=data)
                yield name, suite.seed, as_bytes(check(suite, source, pool=pool))

    idle = [*reports()]
    with busy(16 if LONG else 3):
        for expected, found in zip(idle, reports(), strict=True):
            assert found == expected


@pytest.mark.slow
def test_right_code_that_needs_most_of_its_time_loses_nothing_on_a_busy_machine(
    grade: Grade, solution: str
) -> None:
    with busy(4):
        report = grade(SLOW + changed(solution, "spend()"), call_seconds=CALL_SECONDS)
    assert report.passed, messages(report)


def test_a_loop_is_told_its_limit_of_processor_time(grade: Grade, solution: str) -> None:
    report = grade(changed(solution, "while True: pass"), call_seconds=0.2)
    assert "`double` ran for 0.2 s and was stopped; does a loop never end?" in messages(report)


def test_a_sleeper_is_told_that_it_sleeps_and_is_called_once(grade: Grade, solution: str) -> None:
    sleeping = changed(solution, f"print('called'); __import__('time').sleep({10**6})")
    report = grade(sleeping, call_seconds=0.1, patience=Patience(least=1.0, left=math.inf))
    assert "`double` waits or sleeps instead of computing, and was stopped" in messages(report)
    alone = [outcome for outcome in report.outcomes if outcome.function == "double"]
    assert "".join(outcome.output for outcome in alone).count("called") == 1
    assert report.earned == 4  # of `scale`, where the reference doubles


def test_a_file_that_waits_while_it_is_loaded_is_told_so(grade: Grade, solution: str) -> None:
    waiting = f"import threading\nthreading.Event().wait()\n{solution}"
    report = grade(waiting, load_seconds=0.1, patience=Patience(least=1.0))
    assert "doubling.py waits or sleeps instead of computing, and was stopped" in messages(report)


def test_what_sleepers_cost_a_class_has_a_limit(pool: WorkerPool, tiny: Course, solution: str) -> None:
    """Ten of sixty: the waiting of each is summed over its exercises, with limits a thirtieth of the real."""
    data = changed(solution, "__import__('time').sleep(9.0)", "__import__('time').sleep(9.0)").encode()
    exercise = with_limits(tiny["exercise-1"], call_seconds=0.05)
    patience = Patience(least=1.0, free=0.1, left=2.0)
    for _ in range(3):  # three exercises of one submission
        report = check(exercise, Source("doubling.py", data), pool=pool, seed=1, patience=patience)
        assert report.earned == 0
    calls = 3 * 2 * 2  # each function once in each exercise, perhaps once more with the other one lent
    assert patience.left <= 0
    assert patience.left > -calls  # what follows ends at once, but for what a busy machine adds
    real = Patience()
    assert 10 * real.left <= 10 * 60  # seconds of a process, whatever the number of processes
    assert real.limit(5.0).idle == 5.0 * SLOWDOWN <= real.left
