"""What is said of submissions by hand: by name, many at once, to those who ask, and under pseudonyms."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom.gradebook import open_gradebook
from grader.course import VARIABLE, Course
from grader.progress.grades import Adjustment, ClassGrades, Grade
from grader.reports.classes import anonymous_zip, write_pages
from tests.classroom.helpers import at_once
from tests.classroom.roster_class import DUE, HOUR, bundle, put, sid
from tests.helpers import Run

COMMENTS = """comments:
  - id: shapes
    text: Write the shapes beside each line.
  - id: idea
    text: The idea was right.
    credits: 1.5
"""


@pytest.fixture
def results(run: Run, tiny_copy: Course, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of three students, of whom the third asks something."""
    monkeypatch.setattr("grader.classroom.batch.processes", lambda jobs: at_once())
    monkeypatch.setenv(VARIABLE, "a secret of the tests' own")
    monkeypatch.setattr("getpass.getuser", lambda: "ta-1")
    root = tiny_copy.root
    (root / "comments.yaml").write_text(COMMENTS)
    (root / "class").mkdir()
    rows = "".join(f"{sid(n)},Student {n:03},{sid(n)}@example.org\n" for n in (1, 2, 3))
    (root / "class" / "roster.csv").write_text(f"id,name,email\n{rows}")
    for n in (1, 2, 3):
        asked = ("Why is exercise-1 wrong in number 3 is right?",) if n == 3 else ()
        data = bundle(tiny_copy, n, sid(n), f"Student {n:03}", asked)
        put(root / "handed" / f"submission-{sid(n)}.zip", data, DUE - HOUR)
    assert run("grade", "handed", "-o", "results").code in (0, 1)
    return root / "results"


def page(results: Path, n: int) -> str:
    return (results / "students" / f"submission-{sid(n)}" / "report.html").read_text(encoding="utf-8")


def requests(results: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((results / "requests.csv").read_text(encoding="utf-8"))))


@pytest.mark.parametrize("who", ["Student 001", sid(1), f"{sid(1)}@example.org", f"submission-{sid(1)}.zip"])
def test_a_comment_by_a_student_s_name_id_or_file(run: Run, results: Path, who: str) -> None:
    assert "now has 1.00 credits" in run("adjust", "results", who, "--comment", "shapes").out
    assert "now has 2.50 credits" in run("adjust", "results", who, "--comment", "idea", "--by", "Ta Two").out
    text = page(results, 1)
    assert "Write the shapes beside each line." in text
    assert "The idea was right." in text
    assert "Write the shapes" not in page(results, 2)
    first, second = run("adjust", "results").out.splitlines()
    assert first.endswith("Write the shapes beside each line.  (ta-1)")
    assert second.endswith("+1.50  The idea was right.  (Ta Two)")
    assert run("grade", "handed", "-o", "results").code in (0, 1)
    assert "The idea was right." in page(results, 1), "it survives a regrade"


def test_many_at_once_or_none(run: Run, results: Path) -> None:
    table, heading = results.parent / "many.csv", "name;comment;credits;reason;exercise"
    table.write_text(
        "name;comment;credits;reason;exercise\nStudent 001;idea;;;1\nStudent 002;;-1;Late by hand.;\n"
    )
    assert run("adjust", "results", "--from", str(table)).out == "2 adjustments were made\n"
    assert sorted(line.split("  ", 1)[1] for line in run("adjust", "results").out.splitlines()) == [
        f"submission-{sid(1)} exercise-1  +1.50  The idea was right.  (ta-1)",
        f"submission-{sid(2)}  -1.00  Late by hand.  (ta-1)",
    ]
    for row, told in (
        ("Student 009;idea;;;", "many.csv, line 3: knows no submission `Student 009`"),
        ("Student 001;ideas;;;", "many.csv, line 3: there is no comment `ideas`; there are shapes, idea"),
        ("Student 001;;1;;", "many.csv, line 3: an adjustment needs a --reason"),
        ("Student 001;;many;x;", "many.csv, line 3: should be credits to add"),
        ("Student 001;idea;;;exercise-9", "many.csv, line 3: "),
        (";idea;;;", "many.csv, line 3: names no submission"),
    ):
        table.write_text(f"{heading}\nStudent 001;idea;;;\n{row}\n")
        ran = run("adjust", "results", "--from", str(table))
        assert (ran.code, told in ran.err) == (2, True), ran.err
    assert len(run("adjust", "results").out.splitlines()) == 2, "all rows or none"


def test_who_asks_is_listed_with_the_check_until_there_is_an_answer(run: Run, results: Path) -> None:
    (row,) = requests(results)
    assert (row["student"], row["exercise"], row["answered"]) == (sid(3), "exercise-1", "")
    assert row["checks"] == "Number 3 is right"
    assert "Why is exercise-1 wrong" in (results / "index.html").read_text(encoding="utf-8")
    assert run("grade", "handed", "-o", "results").code == 1
    assert run("adjust", "results", "Student 003", "--reason", "The sign in line 4.").code == 0
    assert requests(results)[0]["answered"] == "yes"
    assert run("grade", "handed", "-o", "results").code == 0
    assert "The sign in line 4." in page(results, 3)


def test_a_question_travels_in_the_bundle(run: Run, tiny_copy: Course) -> None:
    run("login", "Student 001")
    ran = run("submit", "--question", "Is exercise-1 right?", "-o", "mine.zip")
    assert ran.code == 0, ran.err
    with zipfile.ZipFile(tiny_copy.root / "mine.zip") as archive:
        assert b'"Is exercise-1 right?"' in archive.read("manifest.json")
    ran = run("submit", "--question", "x" * 2000, "-o", "mine.zip")
    assert (ran.code, "of 1 to 1000 characters" in ran.err) == (2, True)


def test_pages_for_graders_tell_no_name(run: Run, results: Path) -> None:
    run("adjust", "results", "Student 002", "--reason", "Dear Student 002, student-002 = 1 works.")
    assert run("export", "results", "pages", "--anonymous", "-o", "pages.zip").code in (0, 1)
    with zipfile.ZipFile(results.parent / "pages.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    assert len(pages) == 3
    for text in pages.values():
        assert not any(
            word in text for n in (1, 2, 3) for word in (sid(n), f"Student {n:03}", "@example.org")
        )
    (name,) = (name for name, text in pages.items() if "works." in text)
    pseudonym = name.partition("/")[0]
    assert "now has 2.00 credits" in run("adjust", "results", pseudonym, "--reason", "Well done.").out
    assert "Well done." in page(results, 2)
    run("export", "results", "pages", "--anonymous", "-o", "again.zip")
    with zipfile.ZipFile(results.parent / "again.zip") as archive:
        assert archive.namelist() == list(pages), "they stay"
    assert run("export", "results", "pages").code == 2


def test_pages_for_graders_name_nobody_of_the_class(run: Run, results: Path, tiny_copy: Course) -> None:
    """A partner's name in what code printed is masked as well; an own name also where it stands alone."""
    said = "With student-003 and STUDENT 003 (student-003@example.org); see student-001 and what a student."
    with open_gradebook(results) as book:
        grades = book.class_grades(tiny_copy)
    report = replace(grades.grades[0].reports[0], notes=(said,))
    shown = replace(grades.grades[0], reports=(report,))
    masked = anonymous_zip(replace(grades, grades=(shown,)), None, {shown.key: "anon-1"})
    with zipfile.ZipFile(io.BytesIO(masked)) as archive:
        text = archive.read("anon-1/report.html").decode()
    assert "With anon-somebody and anon-somebody (anon-somebody); see anon-1 and what a" in text
    assert text.count("<style>") == 1


def test_what_one_student_reads_names_no_other(run: Run, results: Path) -> None:
    ran = run("adjust", "results", "Student 001", "--reason", "Copied from Student 002.")
    assert (ran.code, "the reason names `Student 002`, and Student 001 will read it" in ran.err) == (2, True)
    many = results.parent / "many.csv"
    many.write_text(f"id,reason\n{sid(1)},Good.\n{sid(2)},like 001 Student\n")
    ran = run("adjust", "results", "--from", str(many))
    assert (ran.code, "many.csv, line 3: the reason names `001 Student`" in ran.err) == (2, True)
    assert run("adjust", "results").out == ""
    ran = run("adjust", "results", "Student 001", "--reason", f"Well done, Student 001 ({sid(1)}).")
    assert (ran.code, ran.err) == (0, "")


def test_a_page_that_names_another_student_is_told(tiny_copy: Course, tmp_path: Path) -> None:
    listed = {sid(n): (f"Student {n:03}", sid(n)) for n in (1, 2)}
    said = Adjustment("manual", "", 0, f"as student 001 and {sid(2)} know")
    grade = Grade("a", learner_name="Student 001", people=(sid(1),), adjustments=(said,))
    (told,) = write_pages(ClassGrades("T", (), (grade,), listed=listed), tmp_path)
    assert told == "the page of a names `student-002`; read it before you give it away"
    both = replace(grade, people=(sid(1), sid(2)))
    assert write_pages(ClassGrades("T", (), (both,), listed=listed), tmp_path) == []
    assert write_pages(ClassGrades("T", (), (grade,)), tmp_path) == [], "there is no list"


def test_an_adjustment_of_several_exercises_is_one_of_each(run: Run, results: Path) -> None:
    ran = run("adjust", "results", sid(2), "--exercise", "1,exercise-1", "--credits", "1", "--reason", "A.")
    assert "now has 3.00 credits" in ran.out, "by whatever name, it is one exercise"
