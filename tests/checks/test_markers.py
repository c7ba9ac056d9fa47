"""Checks are written as for pytest, and what they use of it needs no pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.checks.markers import StandIn, is_failure
from grader.checks.run import check
from grader.course import Course
from grader.sandbox.pool import WorkerPool

ROOT = Path(__file__).parents[2]
CHECK = '''

{at_load}


@pytest.mark.credits(1)
def check_double_more(student, reference, rng):
    """More of it."""
    {body}
'''


def test_a_check_takes_place_without_pytest() -> None:
    program = f"""
import sys
from grader import check, open_course
report = check(open_course({str(ROOT)!r})["exercise-1"], {str(ROOT / "solutions")!r}, seed=1)
print(report.passed, *(name for name in sys.modules if name.partition(".")[0] in ("pytest", "_pytest")))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True"]


@pytest.mark.parametrize(
    ("at_load", "body", "status"),
    [
        ("", "pytest.fail('no')", "failed"),
        ("", "pytest.fail(reason='no')", "failed"),
        ("", "assert 2.0 == pytest.approx(2.0)", "passed"),
        ("", "with pytest.raises(ValueError): pass", "failed"),
        ("from pytest import raises", "with raises(ValueError): pass", "failed"),
        ("from pytest import raises", "with raises(ValueError): int('x')", "passed"),
        ("close = pytest.approx(2.0)", "assert close == 2.0", "passed"),
        ("", "pytest.no_such_thing", "error"),
    ],
)
def test_the_rest_of_pytest_is_its_own(
    tiny_copy: Course, pool: WorkerPool, at_load: str, body: str, status: str
) -> None:
    path = tiny_copy["exercise-1"].visible_checks
    path.write_text(path.read_text(encoding="utf-8") + CHECK.format(at_load=at_load, body=body))
    report = check(tiny_copy["exercise-1"], tiny_copy.root / "solutions", pool=pool, seed=1)
    (outcome,) = (each for each in report.outcomes if each.check == "check_double_more")
    assert outcome.status == status, outcome.message
    assert (outcome.title, outcome.credits) == ("More of it", 1)
    assert sys.modules["pytest"] is pytest


def test_markers_are_kept_as_pytest_keeps_them() -> None:
    stand_in = StandIn("pytest")

    def marked(module: object) -> list[tuple[str, tuple[object, ...]]]:
        mark = vars(module).get("mark") or type(module).mark  # type: ignore[attr-defined]

        def check_nothing() -> None: ...

        mark.skip(mark.usefixtures("a", "b")(check_nothing))
        return [(each.name, each.args) for each in vars(check_nothing)["pytestmark"]]

    assert marked(stand_in) == marked(pytest) == [("usefixtures", ("a", "b")), ("skip", ())]
    assert not is_failure(ValueError())
