"""A gradebook of the first release opens and shows the same; several are put together."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from grader.checks.report import reports_to_json
from grader.classroom.gradebook import ManualAdjustment, merge, open_gradebook
from grader.course import Course, open_course
from grader.progress.database import LedgerError
from grader.progress.grades import ClassGrades
from grader.reports.exports import canvas_csv, moodle_csv
from grader.reports.tables import class_lines

OLD = Path(__file__).resolve().parents[1] / "fixtures" / "gradebooks"
"""A class of five, graded by commit 6e6024c: right, half, nothing, damaged, late with an extension; two with
answers to a quiz, two with adjustments. The other files beside ``grades.db`` are what that commit showed."""
LATE = """
late:
  deadline: '2026-03-01T12:00:00+01:00'
  per_day: 10
  at_most: 50
  extensions: {eve: 2}
"""


@pytest.fixture
def course(tiny_copy: Course) -> Course:
    path = tiny_copy.root / "course.yaml"
    path.write_text(path.read_text(encoding="utf-8") + LATE, encoding="utf-8")
    return open_course(tiny_copy.root)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copy(OLD / "grades.db", folder)
    return folder


def grades_in(results: Path, course: Course) -> ClassGrades:
    with open_gradebook(results) as book:
        return book.class_grades(course)


def shown(name: str) -> str:
    return (OLD / name).read_text(encoding="utf-8")


def test_an_old_gradebook_shows_the_same(results: Path, course: Course) -> None:
    grades = grades_in(results, course)
    assert canvas_csv(grades) == shown("canvas.csv")
    assert moodle_csv(grades) == shown("moodle.csv")
    lines = "".join(f"{line.text.rstrip()}\n" for line in class_lines(grades))
    assert lines == shown("table.txt")
    reports = {grade.submission: json.loads(reports_to_json(list(grade.shown))) for grade in grades.grades}
    for document in reports.values():
        del document["grader_version"]
    assert reports == json.loads(shown("reports.json"))


def test_an_old_gradebook_is_merged_into_a_new_one(results: Path, course: Course, tmp_path: Path) -> None:
    assert canvas_csv(merge(course, [results], tmp_path / "new")) == shown("canvas.csv")
    assert canvas_csv(grades_in(tmp_path / "new", course)) == shown("canvas.csv")


def test_an_adjustment_is_for_somebody_who_handed_in(results: Path, course: Course) -> None:
    with open_gradebook(results) as book:
        before = book.adjustments()
        with pytest.raises(LookupError):
            book.adjust(ManualAdjustment("2026-03-20T00:00:00+00:00", "Bob", "", 50, "no such name"))
        assert book.adjustments() == before
        event = ManualAdjustment("2026-03-20T00:00:00+00:00", "bob", "", 50, "twice the same event")
        book.adjust(event)
        book.adjust(event)
        assert book.adjustments() == [*sorted([*before, event], key=lambda entry: entry.at)]
    assert "Bob" not in moodle_csv(grades_in(results, course))


def test_what_is_no_gradebook_is_told_in_one_sentence(tmp_path: Path, results: Path, course: Course) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LedgerError, match=r"holds no grades\.db"):
        merge(course, [results, tmp_path / "empty"], tmp_path / "together")
    assert not (tmp_path / "together").exists()
    with sqlite3.connect(results / "grades.db") as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(LedgerError, match="newer grader"):
        grades_in(results, course)
    (results / "grades.db").write_bytes(b"no database, but long enough to be taken for one" * 100)
    with pytest.raises(LedgerError, match="cannot be used"):
        grades_in(results, course)
