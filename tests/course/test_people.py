"""Who is named in a text: by whole names, ids and addresses, and by no word that others use as well."""

from __future__ import annotations

import unicodedata

import pytest

from grader.course import CannotDo, Course
from grader.course.people import People, people_of

ROSTER = """Student,ID,SIS User ID,SIS Login ID,Section
"    Points Possible",,,,
"001, Student",7010001,student-001,student-001@example.org,A
"Gates, Bo",7010002,bgates22,bo@example.org,A
"Müller, Jo",7010003,jmuelleresk,jo@example.org,A
"Student, Test",99,test,,A
Gates,12,gates,gates,A
Student,13,student,gradients,A
"""


@pytest.fixture
def people(tmp_path: object) -> People:
    course = Course(root=tmp_path, title="T")  # type: ignore[arg-type]
    course.private_folder.mkdir()
    (course.private_folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return people_of(course)


@pytest.mark.parametrize(
    "text",
    [
        "thanks to Student 001 for it",
        "student_001 = 1",
        "(001, Student)",
        "<b>Bo GATES</b>",
        "Bo\nGates",
        "by BGATES22, see below",
        "mail bo@example.org.",
        "number 7010002",
        unicodedata.normalize("NFD", "Jo Müller was here"),
        "jmuelleresk/rnn",
        "exercises/student-001/x.py",
    ],
)
def test_whoever_is_named_is_found(people: People, text: str) -> None:
    assert len(people.named(f"first line\n{text}")) == 1
    assert next(iter(people.named(f"first line\n{text}").values())) >= 2
    assert len(people.named(people.masked(text, "anon"))) == 0


@pytest.mark.parametrize(
    "text",
    [
        "The student opens both gates: the forget gate.",
        "Student, 01, 12 and 99; the test student; Student, Test",
        "0.7010002 and 1.7010003e-5 and #7010001, &#7010001;",
        "student-0011, xstudent-001, bo at example.org, Bo and Gates",
        "12 13 test",
    ],
)
def test_words_that_others_use_are_nobody_s(people: People, text: str) -> None:
    assert people.named(text) == {}
    assert people.masked(text, "anon") == text


def test_the_line_is_that_of_the_first_place(people: People) -> None:
    assert people.named("a\n\nBo Gates, bgates22\nby bo gates;\nthen Bo Gates") == {
        "Bo Gates": 3,
        "bgates22": 3,
        "bo gates": 4,
    }


def test_other_tables_and_extensions_name_people_too_and_teachers_are_no_secret(tmp_path: object) -> None:
    course = Course(root=tmp_path, title="T")  # type: ignore[arg-type]
    assert people_of(course).named(None) == {}  # type: ignore[arg-type]  # a text is not even looked at
    course.private_folder.mkdir()
    (course.root / "roster.csv").write_text("first name,last name,role\nBo,Gates,Student\nTa,Two,Teacher\n")
    (course.private_folder / "groups.csv").write_text("login_id,group_name\nbg-2026,Team A\n")
    assert list(people_of(course).named("Ta Two teaches Bo Gates (bg-2026) of Team A")) == [
        "Bo Gates",
        "bg-2026",
    ]
    (course.private_folder / "extensions.csv").write_bytes(b"student,days\n\xe4,1\n")
    with pytest.raises(CannotDo, match="line 2: is not UTF-8"):
        people_of(course)
