"""What the instructor should know stands on the page of a class, in the terminal and in a table, bounded."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from grader.progress.grades import ClassGrades, Grade, Note, QuizResult, noted
from grader.reports import classes
from grader.reports.classes import class_page, notes_csv, student_page, write_pages
from grader.reports.html import MAX_PAGE, TEXT_LIMITS, report_html
from grader.reports.tables import class_lines
from tests.reports.samples import HOSTILE, exercise, graded, hostile, of_class, outcome

PASSED = exercise(outcome("passed"))
NAMES = ["ada", "Zoë O'Hara", "a#b?c%d&e", "'quoted' (2)", "x" * 80]
HASH = Note("hash-differs", "has another hash of `a.py`")
ASIDE = Note("set-aside", "claims to be `s1`, but more than a claim says so of `s1.zip`", decide=True)


def text_of(page: str) -> str:
    body = re.sub(r"<[^>]*>", " ", page.partition("</style>")[2])
    return " ".join(html.unescape(body).split())


def terminal(grades: ClassGrades, width: int = 80) -> list[str]:
    return [line.text for line in class_lines(grades, width)]


def table(grades: ClassGrades) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(notes_csv(grades))))


def noted_class() -> ClassGrades:
    """Something of every kind, what has to be decided in the middle."""
    return of_class(
        graded("ada", PASSED, notes=(HASH,), key="ada.zip", student="ada"),
        graded("bob", PASSED, quizzes=(QuizResult("quiz-1", "Shapes", 0, 100, ("sitting 2 is missing",)),)),
        graded("mallory", PASSED, notes=(ASIDE,), set_aside=ASIDE.text, key="mallory.zip"),
        Grade("zip", problem="zip is a symbolic link"),
    )


def test_what_has_to_be_decided_comes_first_everywhere() -> None:
    grades = noted_class()
    assert [entry.note.decide for entry in noted(grades)] == [True, True, False, False]
    rows = table(grades)
    assert [row["decide"] for row in rows] == ["yes", "yes", "", ""]
    assert rows[0] == {
        "decide": "yes",
        "submission": "mallory",
        "key": "mallory.zip",
        "student": "",
        "kind": "set-aside",
        "note": ASIDE.text,
    }
    lines = terminal(grades)
    assert any(re.fullmatch("  ! mallory +set aside", line) for line in lines)
    assert lines[2] == "to decide"
    assert lines[3].startswith("  mallory: claims to be `s1`")
    assert "  ada: has another hash of `a.py`" in lines[lines.index("notes") :]
    assert "  bob: quiz-1: sitting 2 is missing" in lines[lines.index("notes") :]
    page = text_of(class_page(grades))
    assert page.index("To decide") < page.index("claims to be s1") < page.index("How credits lie")
    assert page.index("Who earned what") < page.index("has another hash of a.py")
    assert "2 to decide" in page.replace("to decide 2", "2 to decide")


def test_a_class_that_is_in_order_is_not_noted() -> None:
    grades = of_class(graded("ada", PASSED))
    assert not noted(grades)
    assert "to decide" not in " ".join(terminal(grades))
    assert "To decide" not in text_of(class_page(grades))
    assert table(grades) == []


def test_many_notes_are_counted_and_not_listed() -> None:
    own = [ASIDE._replace(text=f"{ASIDE.text} {number}") for number in range(1000)]
    grades = of_class(*(graded(note.text[-5:], PASSED, notes=(note, HASH)) for note in own))
    lines = terminal(grades)
    assert "  … and 990 more in notes.csv" in lines
    assert len(lines) < 90
    assert "and 800 more in notes.csv" in text_of(class_page(grades))
    assert len(table(grades)) == 2000


def test_what_is_said_of_many_is_said_once() -> None:
    grades = of_class(*(graded(f"s{number}", PASSED, notes=(HASH,)) for number in range(50)))
    assert terminal(grades)[-1] == "  s0, s1, s2 and 47 more: has another hash of `a.py`"
    assert "s0, s1, s2 and 47 more has another hash of a.py" in text_of(class_page(grades)).replace(" ,", ",")
    assert len(table(grades)) == 50


def test_one_submission_cannot_fill_the_notes() -> None:
    told = tuple(f"this course has no quiz `{number}`" for number in range(20_000))
    noisy = graded("noisy", PASSED, quizzes=(QuizResult("quiz-1", "Shapes", 0, 100, told),), notes=(ASIDE,))
    grades = of_class(noisy, graded("ada", PASSED, notes=(HASH,)))
    rows = table(grades)
    assert len(rows) == 51
    assert (rows[0]["submission"], rows[0]["kind"]) == ("noisy", "set-aside")
    assert rows[-2]["note"] == "19952 more notes, which are not listed"
    assert len(student_page(noisy).encode()) < 60_000
    assert "and 19950 more of this kind" in text_of(student_page(noisy))


def test_a_table_of_notes_is_fit_for_a_spreadsheet() -> None:
    formula = Note("=cmd", '=HYPERLINK("x")\n@SUM(1)', decide=True)
    grades = of_class(graded("=1+1", PASSED, notes=(formula,)), hostile())
    text = notes_csv(grades)
    assert text.isprintable() or text.replace("\n", "").isprintable()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert len(text.splitlines()) == 1 + len(table(grades))


@pytest.mark.parametrize("width", [40, 80])
def test_notes_fit_the_terminal(width: int) -> None:
    noisy = graded(HOSTILE, PASSED, notes=(Note("x", HOSTILE, decide=True), Note("y", HOSTILE * 9)))
    texts = terminal(of_class(noisy), width)
    assert max(map(len, texts)) <= width
    assert not any("\n" in text or "\x1b" in text or re.match(r"\s*::", text) for text in texts)


# --- pages ---


def test_the_class_leads_to_every_student(tmp_path: Path) -> None:
    everybody = [graded(name, PASSED, notes=(HASH,)) for name in NAMES]
    assert write_pages(of_class(*everybody), tmp_path) == []
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    found = {html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)}
    assert len(found) == len(NAMES)
    for link in found:
        assert re.fullmatch(r"students/[^/?#:'\"]+/report\.html", link)
        assert (tmp_path / urllib.parse.unquote(link)).is_file()
    rows = csv.DictReader(io.StringIO((tmp_path / "notes.csv").read_text(encoding="utf-8")))
    assert {row["submission"].lstrip("'") for row in rows} == {name.lstrip("'") for name in NAMES}


@pytest.mark.parametrize("error", [OSError(36, "File name too long"), ValueError("odd"), RecursionError()])
def test_a_page_that_cannot_be_written_keeps_nobody_from_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def page(grade: Grade, course: str = "") -> str:
        if grade.submission == "bad":
            raise error
        return student_page(grade, course)

    monkeypatch.setattr(classes, "student_page", page)
    failed = write_pages(of_class(graded("bad", PASSED), graded("good", PASSED)), tmp_path)
    assert len(failed) == 1
    assert failed[0].startswith("the page of bad could not be written")
    assert (tmp_path / "students" / "good" / "report.html").is_file()
    assert json.loads((tmp_path / "students" / "good" / "report.json").read_text())


def test_whose_a_submission_may_be_is_not_for_other_students() -> None:
    page = text_of(student_page(next(one for one in noted_class().grades if one.set_aside)))
    assert "it counts once your instructor has decided" in page
    assert "s1" not in page


LONG: list[dict[str, Any]] = [
    {"output": "\0" * 64 * 1024},
    {"output": "\U000e0001" * 64 * 1024},
    {"message": "<&>\"'" * 20_000},
    {"diagnosis": "`<`" * 20_000, "message": "x"},
    {"title": "&" * 100_000},
]


@pytest.mark.parametrize("fields", LONG)
@pytest.mark.parametrize("checks", [1, 60])
def test_a_page_about_one_submission_has_a_limit(fields: dict[str, Any], checks: int) -> None:
    outcomes = [outcome(check=f"check_{number}", **fields) for number in range(checks)]
    report = exercise(*outcomes, outcome(title="The last one", message="is read"))
    for page in (report_html(report), student_page(graded("noisy", report))):
        assert len(page.encode()) <= MAX_PAGE
        assert "(the rest of it is not on this page)" in page
        assert "The last one" in page


def test_what_is_short_is_never_cut() -> None:
    text = "<" * (TEXT_LIMITS[0] // 4)
    page = report_html(exercise(outcome(message=text)))
    assert "&lt;" * len(text) in page
    assert "not on this page" not in page


def test_the_page_of_a_class_is_bounded_by_its_size() -> None:
    told = tuple(Note("x", HOSTILE * 1000, decide=True) for _ in range(50))
    page = class_page(of_class(*(graded(f"s{number}", PASSED, notes=told) for number in range(20))))
    assert len(page.encode()) < 600_000
