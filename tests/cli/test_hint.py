"""``grader hint`` on code that waits for an earlier exercise, and on code that does not."""

from __future__ import annotations

import pytest

from grader.course import Course
from grader.progress import open_ledger
from tests.checks.test_builds_on import DOUBLING, NO_DOUBLE, SOLUTION, taller
from tests.helpers import Run

__all__ = ["taller"]  # the fixture
STUB = DOUBLING.replace("return 2 * x", "raise NotImplementedError")


def write(course: Course, lower: str, upper: str = SOLUTION) -> None:
    course["exercise-1"].stub_path.write_text(lower, encoding="utf-8")
    course["exercise-2"].stub_path.write_text(upper, encoding="utf-8")


def spent(course: Course) -> int:
    with open_ledger(course) as ledger:
        return sum(ledger.hints_shown("exercise-2", name) for name in ("quadruple", "half"))


@pytest.mark.parametrize(
    ("lower", "checked"),
    [(STUB, ["exercise-2"]), (NO_DOUBLE, ["exercise-1", "exercise-2"])],
    ids=["stub", "wrong"],
)
def test_code_that_waits_for_an_earlier_exercise_spends_no_hint(
    run: Run, taller: Course, lower: str, checked: list[str]
) -> None:
    write(taller, lower)
    verdict = run("check", *checked).out
    assert "next: grader check exercise-1" in verdict
    assert "grader hint exercise-2" not in verdict
    for words in ((), ("quadruple",)):
        ran = run("hint", "exercise-2", *words)
        told = " ".join(ran.out.split())
        assert ran.code == 0
        assert told.startswith("`quadruple` waits for exercise-1: `double` does not pass its own checks yet.")
        assert "Write exercise-1 first" in told
        assert "No hint was spent" in told
    assert spent(taller) == 0


def test_once_the_earlier_exercise_passes_a_hint_is_a_hint(run: Run, taller: Course) -> None:
    write(taller, STUB)
    run("check", "exercise-2")
    write(taller, DOUBLING)
    run("check", "exercise-1")
    assert "1. Twice twice." in run("hint", "exercise-2").out
    assert spent(taller) == 1


def test_what_is_wrong_by_itself_comes_before_what_waits(run: Run, taller: Course) -> None:
    write(taller, STUB, SOLUTION.replace("return x / 2", "return x / 3"))
    run("check", "exercise-2")
    assert "(half: " in run("hint", "exercise-2").out


def test_a_function_that_is_not_written_yet_has_hints(run: Run, taller: Course) -> None:
    write(
        taller,
        STUB,
        SOLUTION.replace("return doubling.double(doubling.double(x))", "raise NotImplementedError"),
    )
    run("check", "exercise-2")
    assert "1. Twice twice." in run("hint", "exercise-2").out
