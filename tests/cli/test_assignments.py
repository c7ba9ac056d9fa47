"""Assignments of ``course.yaml``: what is handed out, what counts, and of how many credits."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course import VARIABLE, Course, CourseError, open_course
from grader.quiz import files
from tests.classroom.helpers import at_once, hand_in, right
from tests.helpers import Run

WEEK = """assignments:
  - id: week-3
    title: Week 3
    exercises: [Exercise_1]
    deadline: '2026-12-01T23:59:00+01:00'
    late: {per_day: 10, grace_minutes: 5}
"""


@pytest.fixture
def course(tiny_copy: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr("grader.classroom.batch.processes", lambda jobs: at_once())
    monkeypatch.setenv(VARIABLE, "a secret of the tests' own")
    with (tiny_copy.root / "course.yaml").open("a") as file:
        file.write(WEEK)
    return open_course(tiny_copy.root)


def received(folder: Path, rows: str) -> None:
    (folder / "received.csv").write_text(f"submission,received\n{rows}")


def test_an_assignment_has_its_own_deadline_and_its_own_total(run: Run, course: Course) -> None:
    folder = course.root.parent / "handed"
    hand_in(folder, "ada", right(course))
    hand_in(folder, "bob", right(course))
    received(folder, "ada,2026-12-02T00:03:00+01:00\nbob,2026-12-02T00:06:00+01:00\n")
    ran = run("grade", str(folder), "-o", "results")
    credits = course["exercise-1"].file.credits
    assert ran.code == 0, ran.err
    assert "A tiny course: Week 3" in ran.out
    assert f"of {credits} credits" in ran.out
    rows = run("export", "results", "roster").out.splitlines()
    assert rows[1].endswith(f'"0.00","{credits}.00"'), "within the grace minutes"
    assert rows[2].endswith(f'"-{credits / 10:.2f}","{credits * 0.9:.2f}"')


def test_what_an_assignment_lists_counts_and_nothing_else(run: Run, course: Course) -> None:
    path = course.root / "course.yaml"
    path.write_text(path.read_text().replace("    deadline", "    quizzes: [every-type]\n    deadline"))
    folder = course.root.parent / "handed"
    hand_in(folder, "ada", right(course))
    (quiz,) = files.all_quizzes(course)
    total = course["exercise-1"].file.credits + quiz.credits
    assert f"of {total} credits" in run("grade", str(folder), "-o", "results").out
    page = (course.root / "results" / "students" / "ada" / "report.html").read_text()
    assert f"of {total} credits" in page
    assert "no answers were handed in" in page


def test_of_several_assignments_one_is_named(run: Run, course: Course) -> None:
    with (course.root / "course.yaml").open("a") as file:
        file.write("  - id: week-4\n    title: Week 4\n    exercises: [exercise-1]\n")
    folder = course.root.parent / "handed"
    hand_in(folder, "ada", right(course))
    ran = run("grade", str(folder), "-o", "results")
    assert (ran.code, "name one with --assignment: week-3, week-4" in ran.err) == (2, True)
    ran = run("grade", str(folder), "-o", "results", "--assignment", "week-5")
    assert (ran.code, "there is no assignment `week-5`; there are week-3, week-4" in ran.err) == (2, True)
    assert run("grade", str(folder), "-o", "results", "--assignment", "week-4").code == 0
    ran = run("grade", str(folder), "-o", "results", "--assignment", "week-3")
    assert (ran.code, "give week-3 a folder of its own" in ran.err) == (2, True)


def test_a_hand_out_is_what_course_yaml_says(run: Run, course: Course) -> None:
    ran = run("handout", "../students", "--assignment", "week-3")
    assert ran.code == 0, ran.err
    assert "week-3 (Week 3) counts" in ran.out
    assert "due 2026-12-01T23:59:00+01:00" in ran.out
    handed_out = open_course(course.root.parent / "students")
    assert handed_out.assignment().exercises == ("exercise-1",)
    assert handed_out.assignment().late is None, "what lateness costs, and whose is extended, stays"
    assert not list((handed_out.root / "quizzes").glob("*.yaml")), "the assignment lists none"
    ran = run("handout", "../others", "--exercise", "1")
    assert (ran.code, "write it there under `assignments`" in ran.err) == (0, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  - id: Week 3\n    title: x\n    exercises: [a]\n", "no id of an assignment"),
        ("  - id: w\n    title: x\n", "has neither `exercises` nor `quizzes`"),
        ("  - id: w\n    title: x\n    exercises: [a]\n    deadline: tomorrow\n", "date and time"),
        ("  - id: w\n    title: x\n    exercises: [a]\n" * 2, "two assignments are called `w`"),
    ],
)
def test_an_assignment_that_cannot_be_meant_is_refused(tiny_copy: Course, text: str, told: str) -> None:
    (tiny_copy.root / "course.yaml").write_text(f"title: T\nassignments:\n{text}")
    with pytest.raises(CourseError, match=told):
        open_course(tiny_copy.root)


@pytest.mark.parametrize("how", [("--exercise", "1", "--exercise", "1"), ("--exercise", "1,exercise-1")])
def test_exercises_are_spelt_one_way(run: Run, course: Course, how: tuple[str, ...]) -> None:
    folder = course.root.parent / "handed"
    hand_in(folder, "ada", right(course))
    assert run("grade", str(folder), "-o", "results", *how).code == 0


def test_a_course_that_asks_for_ids_gets_them(run: Run, course: Course) -> None:
    with (course.root / "course.yaml").open("a") as file:
        file.write("login_id: student number\n")
    ran = run("login", "Ada L")
    assert (ran.code, "this course asks for your student number" in ran.err) == (2, True)
    assert run("login", "Ada L", "--id", "S001").out == "logged in as Ada L (id s001)\n"


def test_old_keys_work_with_a_notice(run: Run, course: Course) -> None:
    path = course.root / "course.yaml"
    path.write_text(path.read_text() + "late:\n  extensions: {ada: 1}\n")
    folder = course.root.parent / "handed"
    hand_in(folder, "ada", right(course))
    ran = run("grade", str(folder), "-o", "results")
    assert (ran.code, "move them to class/extensions.csv" in ran.err) == (0, True)
