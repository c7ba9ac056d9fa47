"""What a page asks of the program happens wholly or not at all."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course, open_course
from grader.progress import open_ledger
from grader.progress.transfer import events_of, progress_document
from grader.quiz.files import all_quizzes
from grader.quiz.questions.base import Unreadable
from grader.site.browser import Desk
from grader.site.shipped import course_zip, exercise_zip
from tests.checks.test_builds_on import DOUBLING, NO_DOUBLE, SOLUTION, taller

__all__ = ["taller"]  # the fixture
QUIZ = "every-type"


@pytest.fixture
def desk(tiny: Course, tmp_path: Path) -> Desk:
    """A place at the tiny course."""
    shutil.copytree(tiny.root, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return Desk(tmp_path / "course")


def act(desk: Desk, name: str, **values: Any) -> Any:
    return json.loads(desk.act(name, json.dumps(values)))


def told(desk: Desk) -> list[str]:
    with open_ledger(desk.course) as ledger:
        return [event["event"] for event in events_of(ledger)]


def once(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Have a method of the desk fail at its first call."""
    usual, fails = getattr(Desk, name), [error]

    def method(*arguments: Any, **values: Any) -> Any:
        if fails:
            raise fails.pop()
        return usual(*arguments, **values)

    monkeypatch.setattr(Desk, name, method)


@pytest.mark.parametrize("error", [ModuleNotFoundError(name="numpy.linalg"), Unreadable("no"), ValueError()])
def test_what_fails_half_way_has_not_happened(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def attempt(name: str, **values: Any) -> None:
        """Fail, as code does that lacks a library, after something was recorded."""
        before = told(desk)
        once(monkeypatch, "_items", error)
        if type(error) is ValueError:
            with pytest.raises(ValueError, match=r"^$"):
                act(desk, name, **values)
        else:
            assert act(desk, name, **values) in ({"needs": "numpy"}, {"refused": "no"})
        assert told(desk) == before

    attempt("open", quiz=QUIZ)
    assert [each["event"] for each in act(desk, "open", quiz=QUIZ)["events"]] == ["begun"]
    answer = {"quiz": QUIZ, "question": "bound", "attempt": 1, "text": "1", "certainty": None}
    attempt("answer", **answer)
    assert [each["event"] for each in act(desk, "answer", **answer)["events"]] == ["answered", "marked"]
    attempt("open", quiz=QUIZ, restart=True)
    assert act(desk, "question", quiz=QUIZ, question="bound")["result"]["attempt"] == 2
    begun = act(desk, "open", quiz=QUIZ, restart=True)["events"]
    assert [(each["event"], each.get("number")) for each in begun] == [("begun", 2), ("finished", None)]


def test_checks_get_all_that_a_laptop_has(home: Course, tmp_path: Path) -> None:
    text = "double:\n  'x > 0': it is positive, since 1 + 1 is\n"
    (home.root / "recorded" / "exercise-1" / "ranges.yaml").write_text(text, encoding="utf-8")
    for data in (course_zip(home, all_quizzes(home)), exercise_zip(home["exercise-1"])):
        zipfile.ZipFile(io.BytesIO(data)).extractall(tmp_path / "browser")
    exercise, there = home["exercise-1"], open_course(tmp_path / "browser")["exercise-1"]
    assert exercise.ranges == there.ranges == {"double": {"x > 0": "it is positive, since 1 + 1 is"}}
    recorded = {path.name for path in exercise.solution_folder.iterdir()}
    assert {path.name for path in there.solution_folder.iterdir()} == recorded


def test_code_that_only_waits_spends_no_hint(taller: Course) -> None:
    desk = Desk(taller.root)

    def checked(exercise: str, lower: str, upper: str = SOLUTION) -> Any:
        files = {"exercise-1": lower, "exercise-2": upper}
        return act(desk, "check", exercise=exercise, files=files)["result"]

    def hinted() -> Any:
        return act(desk, "hints", exercise="exercise-2", function="quadruple")

    assert checked("exercise-2", NO_DOUBLE)["waiting"] == ["quadruple"]
    assert hinted()["events"] == []
    assert "does not pass its own checks yet. Write exercise-1 first." in hinted()["result"]["waits"]
    assert checked("exercise-2", DOUBLING, SOLUTION.replace("return", "return 1 +"))["waiting"] == []
    assert hinted()["result"]["left"] == 0


def answer(desk: Desk, question: str, text: str, attempt: int = 1, **values: Any) -> Any:
    where = {"quiz": QUIZ, "question": question, "attempt": attempt, "text": text, "certainty": None}
    return act(desk, "answer", **where, **values)["result"]["reply"]


def test_what_is_taken_in_counts_at_once_but_for_code(handed_out: Course, tmp_path: Path) -> None:
    def place(name: str) -> Desk:
        leave = shutil.ignore_patterns("grader", ".grader")
        return Desk(Path(shutil.copytree(handed_out.root, tmp_path / name, ignore=leave)))

    laptop, desk = place("laptop"), place("desk")
    act(laptop, "open", quiz=QUIZ)
    assert answer(laptop, "bound", "1")["share"] == 1
    document = documented(laptop)
    for preview in (True, True, False):  # the first thing that happens there, too
        taken = act(desk, "take", document=document, preview=preview)
        assert taken["result"]["new"] == {"begun": 1, "answered": 1}
        assert bool(taken["events"]) != preview
    there = act(laptop, "overview")["result"]
    assert there["quizzes"][0]["cents"] > 0
    assert act(desk, "overview")["result"] == there

    answer(laptop, "stack", "4: while True: column = x", hung=True)
    taken = act(desk, "take", document=documented(laptop), preview=False)
    assert taken["result"]["new"] == {"answered": 1}
    assert act(desk, "overview")["result"] == there  # its code has not run
    marked = act(desk, "open", quiz=QUIZ, hung=True)["events"]
    assert [event["event"] for event in marked] == ["marked"]
    assert act(desk, "overview")["result"] == act(laptop, "overview")["result"]


def documented(desk: Desk) -> str:
    with open_ledger(desk.course) as ledger:
        return progress_document(events_of(ledger), desk.course.salt)
