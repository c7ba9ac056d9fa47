"""A class by its platform's list: graded, told, and exported into rows that are each the right one's."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from grader.course import Course, open_course
from grader.quiz import files
from tests.classroom.helpers import at_once
from tests.classroom.roster_class import COLUMN, COUNT, PLATFORMS, MadeUp, make, sid
from tests.helpers import Run

WEEK = """assignments:
  - id: week-3
    title: Week 3
    exercises: [exercise-1]
    deadline: '2026-03-01T12:00:00Z'
    groups: true
    column: Week 3
"""


@pytest.fixture
def course(tiny_copy: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr("grader.cli.grade.processes", lambda jobs: at_once())
    monkeypatch.setattr("grader.reports.class_pages.student_page", lambda grade, title="": grade.name)
    monkeypatch.setenv(files.VARIABLE, "a secret of the tests' own")
    with (tiny_copy.root / "course.yaml").open("a") as file:
        file.write(WEEK)
    return open_course(tiny_copy.root)


def read_back(made: MadeUp, text: str) -> dict[str, float | None]:
    """Read an export by the rules that its platform documents; return by student what they would get."""
    rows = list(csv.DictReader(io.StringIO(text)))
    if made.platform == "canvas":
        # The importer finds students by `ID`, assignments by the number in the title, and takes any row with
        # these words for the row of what is possible; what is read only it leaves alone.
        assert list(rows[0])[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        assert list(rows[0])[5:] == [COLUMN]
        (possible,) = (row for row in rows if "Points Possible" in row["Student"])
        assert possible[COLUMN] == "7"
        students = [row for row in rows if row["ID"].isdecimal() and row["ID"] != "99999"]
        return {sid(int(row["ID"]) - 10000): number(row[COLUMN]) for row in students}
    if made.platform == "moodle":
        # The worksheet's importer finds participants by `Identifier`; it skips what may not be changed.
        assert list(rows[0])[:3] == ["Identifier", "Full name", "ID number"]
        found = {}
        for row in rows:
            participant = row["Identifier"].removeprefix("Participant ")
            kept = row["Maximum Grade"], row["Grade can be changed"], row["Feedback comments"]
            assert kept == ("7.00", "Yes", "- none")
            found[sid(int(participant) - 20000)] = number(row["Grade"])
        return found
    key = {"github": "identifier", "gradescope": "SID"}[made.platform]
    return {row[key]: number(row["Total"]) for row in rows}


def number(cell: str) -> float | None:
    return float(cell) if cell else None


def notes(course: Course) -> list[dict[str, str]]:
    text = (course.root / "results" / "notes.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_class_of_120_comes_back(run: Run, course: Course, platform: str, tmp_path: Path) -> None:
    made = make(course, tmp_path / "in", platform)
    ran = run("roster", "check", str(made.folder), "--roster", str(made.roster))
    assert ran.code == 1, ran.err
    assert f"{COUNT} students in list.csv" in ran.out
    assert ran.out.count("several of one student") == 4
    assert ran.out.count("matches nobody") == 3
    assert ran.out.count("but is of") == 2
    assert run("grade", str(made.folder), "-o", "results", "--roster", str(made.roster)).code == 1
    form = platform if platform in ("canvas", "moodle") else "roster"
    ran = run("export", "results", form, "--allow-incomplete")
    assert ran.code == 0, ran.err
    assert read_back(made, ran.out) == made.earned
    assert all(f"`{who}`" in ran.err for who in made.missing)
    told = notes(course)
    aside = {row["key"].rpartition("/")[2] for row in told if row["kind"] == "set-aside"}
    assert aside == set(made.unmatched)
    claims = {row["student"] for row in told if row["kind"] == "claims-another"}
    assert claims == set(made.false_claims)
    doubles = [row for row in told if row["kind"] == "not-counted"]
    assert {row["student"] for row in doubles} == set(made.doubles)
    assert sum(row["key"].endswith(".zip") for row in doubles) == 2, "the two that came late"
    (absent,) = (row["note"] for row in told if row["kind"] == "not-handed-in")
    assert re.findall(r"`(student-\d+)`", absent) == made.missing
    ran = run("export", "results", form, "--dry-run", "--allow-incomplete")
    assert (
        f"{len([each for each in made.earned.values() if each is not None])} of {COUNT} students would change"
        in ran.out
    )
