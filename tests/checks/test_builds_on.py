"""An exercise that builds on earlier ones: whose fault it is, when the student's own module is below."""

from __future__ import annotations

import types
from pathlib import Path

import numpy as np
import pytest

from grader.authoring.verify import verify_exercise
from grader.checks.collection import load_reference, substitutes
from grader.checks.report import Report
from grader.checks.run import check
from grader.checks.source import Source, read_source
from grader.course import Course, CourseError
from grader.reports.text import report_lines
from grader.sandbox.pool import WorkerPool
from grader.sandbox.values import Named
from tests.conftest import HERE, with_limits

SOLUTION = '''"""Four times an array, built on twice an array; and half of one, built on nothing."""

import doubling
import numpy as np


def quadruple(x: np.ndarray) -> np.ndarray:
    """Take every entry four times.

    Args:
        x: (M, N) any numbers.
    """
    # TODO: double twice.
    return doubling.double(doubling.double(x))


def half(x: np.ndarray) -> np.ndarray:
    """Take half of every entry.

    Args:
        x: (M, N) any numbers.
    """
    # TODO: halve.
    return x / 2
'''
CHECKS = '''"""Visible checks."""

import pytest

from grader.numeric import assert_close


@pytest.mark.credits(2)
@pytest.mark.builds_on("exercise-1.double")
def check_quadruple_values(student, reference, rng):
    """Every entry is taken four times."""
    x = rng.standard_normal((4, 3))
    assert_close(student.quadruple(x), reference.quadruple(x), "y")


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_quadruple_values")
def check_quadruple_of_zeros(student, reference, rng):
    """Nothing stays nothing."""
    x = 0 * rng.standard_normal((4, 3))
    assert_close(student.quadruple(x), x, "y")


@pytest.mark.credits(1)
def check_half_values(student, reference, rng):
    """Every entry is halved."""
    x = rng.standard_normal((4, 3))
    assert_close(student.half(x), x / 2, "y")
'''
EXERCISE = """title: Quadrupling
chapter: 1. Warming up
module: quadrupling
functions:
  - quadruple
  - half
credits: 4
uses:
  - exercise-1
hints:
  quadruple:
    - "Twice twice."
  half:
    - "By two."
"""
MISTAKES = """- id: only-once
  replace: "doubling.double(doubling.double(x))"
  with: "doubling.double(x)"
  says: "How often do you double?"
"""
DOUBLING = (HERE / "fixtures/course/solutions/exercise-1/doubling.py").read_text(encoding="utf-8")
NO_DOUBLE = DOUBLING.replace("return 2 * x", "return 3 * x")
NO_SCALE = DOUBLING.replace("stretched + offset", "stretched - offset")
WAITS = "waits for exercise-1: `double` does not pass its own checks yet"


@pytest.fixture
def taller(tiny_copy: Course) -> Course:
    """The tiny course with a second exercise that uses the first one's module."""
    files = {
        "exercises/exercise-2/exercise.yaml": EXERCISE,
        "exercises/exercise-2/check_quadrupling.py": CHECKS,
        "exercises/exercise-2/lesson.md": "# Quadrupling\n",
        "solutions/exercise-2/quadrupling.py": SOLUTION,
        "solutions/exercise-2/misconceptions.yaml": MISTAKES,
        "solutions/exercise-2/variants/by_hand.py": "def quadruple(x):\n    return 4 * x\n\n\n"
        "def half(x):\n    return 0.5 * x\n",
    }
    for name, text in files.items():
        path = tiny_copy.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    stub = SOLUTION
    for line in ("return doubling.double(doubling.double(x))", "return x / 2"):
        stub = stub.replace(line, "raise NotImplementedError")
    (tiny_copy.root / "exercises/exercise-2/quadrupling.py").write_text(stub, encoding="utf-8")
    return tiny_copy


def graded(course: Course, pool: WorkerPool, lower: Source | str, upper: str = SOLUTION) -> Report:
    exercise = course["exercise-2"]
    if isinstance(lower, str):
        lower = Source("doubling.py", lower.encode())
    source = Source("quadrupling.py", upper.encode(), used=(lower,))
    return check(exercise, source, pool=pool, seed=1)


def found(report: Report) -> list[tuple[str, str]]:
    return [(one.status, one.message) for one in report.outcomes]


def test_right_code_on_right_code_passes(taller: Course, pool: WorkerPool) -> None:
    assert graded(taller, pool, DOUBLING).passed


def test_the_second_exercise_verifies(taller: Course) -> None:
    findings = verify_exercise(taller, "exercise-2")
    assert (findings.faults, findings.caught, findings.accepted) == ((), 1, 1)


@pytest.mark.parametrize(
    "lower",
    [
        NO_DOUBLE,
        DOUBLING.replace("return 2 * x", "raise NotImplementedError"),
        "import sys\nsys.exit(3)\n",
        "import os\nos._exit(3)\n",
        "def (:\n",
        "",
    ],
    ids="wrong not-written exits kills-the-worker no-python empty".split(),
)
def test_a_fault_below_skips_and_is_named(taller: Course, pool: WorkerPool, lower: Source | str) -> None:
    report = graded(taller, pool, lower)
    values, zeros, half = found(report)
    assert values == ("skipped", WAITS)
    assert zeros == ("skipped", "waits for “Every entry is taken four times”")
    assert half == ("passed", "")
    assert any(WAITS in line.text for line in report_lines(report))


def test_a_file_that_is_not_there_is_said_to_be_missing(taller: Course, pool: WorkerPool) -> None:
    lower = Source("doubling.py", problem="there is no exercise-1/doubling.py to grade")
    status, message = found(graded(taller, pool, lower))[0]
    assert (status, message) == ("skipped", f"waits for exercise-1: {lower.problem}")


def test_one_failure_is_enough_where_nobody_asks_for_more(taller: Course, pool: WorkerPool) -> None:
    exercise = taller["exercise-2"]
    wrong = SOLUTION.replace("doubling.double(doubling.double(x))", "x")
    source = Source("quadrupling.py", wrong.encode(), used=(Source("doubling.py", DOUBLING.encode()),))
    report = check(exercise, source, pool=pool, seed=1, one_failure=True)
    assert [one.status for one in report.outcomes] == ["failed", "skipped", "skipped"]
    assert report.outcomes[2].message == "not run: another check has failed already"


@pytest.mark.slow
def test_a_module_that_hangs_is_left_out(taller: Course, pool: WorkerPool) -> None:
    exercise = with_limits(taller["exercise-2"], load_seconds=0.2)
    lower = Source("doubling.py", b"while True:\n    pass\n")
    report = check(exercise, Source("quadrupling.py", SOLUTION.encode(), used=(lower,)), pool=pool, seed=1)
    assert [one.status for one in report.outcomes] == ["skipped", "skipped", "passed"]
    assert "doubling.py ends or hangs while it is loaded, and was left out" in report.notes[0]


def test_another_function_below_excuses_nothing(taller: Course, pool: WorkerPool) -> None:
    own_fault = SOLUTION.replace("doubling.double(doubling.double(x))", "doubling.double(x)")
    assert found(graded(taller, pool, NO_SCALE, own_fault))[0][0] == "failed"
    assert found(graded(taller, pool, DOUBLING, own_fault))[0][0] == "failed"
    assert graded(taller, pool, NO_SCALE).passed


def test_what_does_not_need_the_lower_one_passes_without(taller: Course, pool: WorkerPool) -> None:
    own_way = SOLUTION.replace("doubling.double(doubling.double(x))", "4 * x")
    assert graded(taller, pool, NO_DOUBLE, own_way).passed


def test_a_stub_is_a_stub_whatever_lies_below(taller: Course, pool: WorkerPool) -> None:
    stub = (taller.root / "exercises/exercise-2/quadrupling.py").read_text(encoding="utf-8")
    values, _, half = found(graded(taller, pool, NO_DOUBLE, stub))
    assert values == ("failed", "`quadruple` is not written yet.")
    assert half == ("failed", "`half` is not written yet.")


def test_a_known_report_is_not_made_again(taller: Course, pool: WorkerPool) -> None:
    exercise, lower = taller["exercise-2"], Source("doubling.py", NO_DOUBLE.encode())
    source = Source("quadrupling.py", SOLUTION.encode(), used=(lower,))
    fine = graded(taller, pool, DOUBLING)  # a report in which nothing about `double` fails
    report = check(exercise, source, pool=pool, seed=1, known={"exercise-1": fine})
    assert report.outcomes[0].status == "failed"


def test_a_foundation_that_does_not_exist_is_the_courses_fault(taller: Course, pool: WorkerPool) -> None:
    path = taller.root / "exercises/exercise-2/check_quadrupling.py"
    path.write_text(CHECKS.replace("exercise-1.double", "exercise-1.treble"), encoding="utf-8")
    status, message = found(graded(taller, pool, DOUBLING))[0]
    assert status == "error"
    assert "builds on exercise-1.treble" in message


def test_only_earlier_exercises_can_be_used(taller: Course) -> None:
    path = taller.root / "exercises/exercise-2/exercise.yaml"
    path.write_text(EXERCISE.replace("  - exercise-1", "  - exercise-2"), encoding="utf-8")
    with pytest.raises(CourseError, match="`uses` names `exercise-2`, which is no earlier exercise"):
        taller["exercise-2"]


def test_a_submission_brings_the_lower_file_along(taller: Course, tmp_path: Path) -> None:
    exercise = taller["exercise-2"]
    for name, text in (("exercise-1/doubling.py", DOUBLING), ("exercise-2/quadrupling.py", SOLUTION)):
        path = tmp_path / "handed-in" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    (lower,) = read_source(exercise, tmp_path / "handed-in").used
    assert (lower.name, lower.data.decode(), lower.problem) == ("doubling.py", DOUBLING, "")
    (alone,) = read_source(exercise, tmp_path / "handed-in/exercise-2/quadrupling.py").used
    assert alone.problem == "doubling.py is not there: quadrupling.py was handed in alone"


@pytest.mark.slow
def test_a_long_call_shows_what_it_printed_last(taller: Course, pool: WorkerPool) -> None:
    slow = SOLUTION.replace(
        "return x / 2",
        "import time\n    for n in range(10):\n        print('step', n)\n"
        "        time.sleep(0.1)\n    return x / 2",
    )
    heard: list[tuple[str, str]] = []
    exercise = taller["exercise-2"]
    source = Source("quadrupling.py", slow.encode(), used=(Source("doubling.py", DOUBLING.encode()),))
    report = check(exercise, source, pool=pool, seed=1, progress=lambda *line: heard.append(line))
    assert report.passed
    assert {function for function, _ in heard} == {"half"}
    assert len({line for _, line in heard if line.startswith("step ")}) >= 2


def test_a_substitute_takes_named_tuples_as_its_own(course: Course) -> None:
    reference = load_reference(course["exercise-11"])
    ones = np.ones((2, 2))
    params = Named.of("OutputParams", ("W", "b"), [ones, ones])
    moved = substitutes(reference, ("sgd_step",))["sgd_step"](params, params, 0.5)
    assert isinstance(moved, reference.OutputParams)
    assert (moved.W == 0.5).all()
    plain = Named.of("Pair", ("a", "b"), [1.0, (2.0, [params])])
    other = types.SimpleNamespace(same=lambda value: value)
    assert substitutes(other, ("same",))["same"](plain) == plain
