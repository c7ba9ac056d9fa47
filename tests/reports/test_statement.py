"""`grader login` and `grader credits`: who learns here, what they earned, in every form it is shown in."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

import grader.reports
from grader.course import Course
from grader.progress.learner import ANONYMOUS, Learner
from grader.progress.ledger import Response, open_ledger
from grader.quiz.edition import all_public
from grader.reports.statement import (
    COLUMNS,
    Row,
    headed,
    statement_lines,
    statement_to_csv,
    statement_to_json,
)
from grader.reports.text import decimal, harmless
from tests.helpers import Run, solve

SCHEMA = json.loads((Path(grader.reports.__file__).parent / "statement_schema.json").read_text("utf-8"))
ADA = Learner("ada", "Ada")
ROWS = [
    Row("exercise", "exercise-1", "One step", "1. Networks", 600, 600),
    Row(
        "exercise",
        "exercise-12",
        "A title that is much too long for what is left of a line",
        "4. Code",
        0,
        800,
    ),
    Row("quiz", "gates", "Gates", "memory", 150, 400),
    Row("quiz", "gates", "Gates", "shapes", 5, 100),
    Row("quiz", "old", "Old ones", "memory", 100, 100),
]
TEXT = """\
Credits of Ada (id ada)

exercises
  ✓ exercise-1   One step                             6.00 of 6.00
  · exercise-12  A title that is much too long for w… 0.00 of 8.00  8.00 to earn

quizzes
  … gates        Gates                                1.55 of 5.00  3.45 to earn
  ✓ old          Old ones                             1.00 of 1.00

topics
  ✓ 1. Networks                                       6.00 of 6.00
  · 4. Code                                           0.00 of 8.00  8.00 to earn
  … memory                                            2.50 of 5.00  2.50 to earn
  … shapes                                            0.05 of 1.00  0.95 to earn

8.55 of 20.00 credits · 11.45 to earn
"""


def text(rows: list[Row], width: int = 80) -> list[str]:
    return [line.text.rstrip() for line in statement_lines(ADA, rows, width)]


def parsed(document: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(document)))


# --- the forms ----------------------------------------------------------------------------------------


def test_a_statement_groups_in_three_ways() -> None:
    assert text(ROWS) == TEXT.splitlines()


def test_whole_credits_have_no_decimals() -> None:
    lines = text(ROWS[:2])
    assert lines[3].endswith(" 6 of 6")
    assert lines[4].endswith(" 0 of 8  8 to earn")
    assert lines[-1] == "6 of 14 credits · 8 to earn"


def test_titles_have_room_on_a_narrow_screen() -> None:
    assert text(ROWS, 40)[3:5] == [
        "  ✓ exercise-1   One step   6.00 of 6.00",
        "  · exercise-12  A title t… 0.00 of 8.00",
    ]


def test_an_empty_course_has_a_statement() -> None:
    assert text([]) == ["Credits of Ada (id ada)", "", "0 of 0 credits · 0 to earn"]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_line_is_too_wide(width: int) -> None:
    long = Learner("a" * 64, "N" * 80)
    rows = [*ROWS, Row("quiz", "q" * 60, "T" * 80, "t" * 60, 1, 99999)]
    lines = statement_lines(long, rows, width)
    assert max(len(line.text) for line in lines) == width
    assert len(headed("T" * 70, long, width)) == width


def test_a_heading_names_who_is_logged_in() -> None:
    assert headed("Course", ANONYMOUS, 80) == "Course"
    assert headed("Course", ADA, 80) == "Course · Ada"


def test_hundredths_are_written_exactly() -> None:
    cents = [0, 5, 150, 100, -5, -150, 123456789]
    assert list(map(decimal, cents)) == ["0.00", "0.05", "1.50", "1.00", "-0.05", "-1.50", "1234567.89"]


def test_json_follows_its_schema() -> None:
    document = json.loads(statement_to_json(ADA, ROWS))
    jsonschema.validate(document, SCHEMA)
    assert (document["earned_cents"], document["possible_cents"]) == (855, 2000)
    assert [tuple(row.values()) for row in document["rows"]] == [tuple(row) for row in ROWS]
    jsonschema.validate(json.loads(statement_to_json(ANONYMOUS, [])), SCHEMA)


def test_csv_holds_the_same_rows_in_credits() -> None:
    heading, *rows = parsed(statement_to_csv(ADA, ROWS))
    assert heading == COLUMNS
    assert rows[2] == ["ada", "Ada", "quiz", "gates", "Gates", "memory", "1.50", "4.00", "2.50"]
    assert len(rows) == len(ROWS)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r", " =", '"=', "'+", "＝", "\u00a0@"])
def test_no_text_in_csv_starts_a_formula(start: str) -> None:
    evil = f'{start}HYPERLINK("http://example.org";A1),x\n=1+1'
    document = statement_to_csv(Learner("ada", "=1+1"), [Row("quiz", "q", evil, evil, -5, 100)])
    (row,) = parsed(document)[1:]
    assert row[4] == row[5] == f"'{evil}"
    assert row[1] == "'=1+1"
    assert row[6:] == ["-0.05", "1.00", "1.05"]
    assert document.count('"') % 2 == 0
    assert harmless("a = b; 1 - 2") == "a = b; 1 - 2"


# --- the commands -------------------------------------------------------------------------------------


def test_login_is_remembered_and_shown(run: Run) -> None:
    assert run("login").out.startswith("nobody is logged in")
    assert "·" not in run("list").out.splitlines()[0]
    ran = run("login", "  Zoë Ångström ")
    assert (ran.code, ran.out) == (0, "logged in as Zoë Ångström (id zoe-angstrom)\n")
    assert run("login").out == ran.out
    assert run("list").out.splitlines()[0] == "A tiny course · Zoë Ångström"
    assert run("login", "Ada", "--id", "S1815").out == "logged in as Ada (id s1815)\n"
    assert run("credits").out.splitlines()[0] == "Credits of Ada (id s1815)"
    assert run("login", "anonymous").out.startswith("nobody is logged in")


def test_login_says_where_earlier_work_is(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    run("check", "exercise-1")
    assert "7 of 7" in run("list").out
    assert "what was recorded before stays with the learner `anonymous`" in run("login", "Ada").out
    assert "– of  7" in run("list").out
    assert "anonymous" not in run("login", "Ben").out
    run("login", "anonymous")
    assert "7 of 7" in run("list").out


def test_login_tells_when_an_id_is_known_already(run: Run) -> None:
    run("login", "Ada L.")
    assert "before" not in run("login", "Ada L.").out
    run("login", "Ben")
    assert "this id was Ada L.'s before" in run("login", "Ada-L").out
    assert "before" not in run("login", "Cem").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        ("a\u202eb",),
        ("x" * 81,),
        ("Ada", "--id", "../ada"),
        ("Ada", "--id", "anonymous"),
        ("--id", "x"),
    ],
)
def test_login_refuses_in_one_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run("login", *arguments)
    assert ran.code == 2
    assert ran.err.count("\nError: ") == 1
    assert len(ran.err.splitlines()) == 4  # how to call it, where help is, an empty line, the sentence
    assert "\u202e" not in ran.err
    assert run("login").out.startswith("nobody is logged in")


def test_credits_follow_the_best_check(run: Run, tiny_copy: Course) -> None:
    def earned() -> list[int]:
        document = json.loads(run("credits", "--format", "json").out)
        jsonschema.validate(document, SCHEMA)
        return [row["earned_cents"] for row in document["rows"] if row["kind"] == "exercise"]

    assert earned() == [0]
    solve(tiny_copy)
    run("check", "exercise-1")
    solution = tiny_copy["exercise-1"].stub_path
    solution.write_text("broken = ", encoding="utf-8")
    run("check", "exercise-1")
    assert "0 of  7" in run("list").out
    assert earned() == [700]


def answer_all(course: Course) -> int:
    """Answer every question of every quiz for 30 hundredths of its credits, and return how many these are."""
    count = 0
    with open_ledger(course) as ledger:
        for sheet in all_public(course):
            sitting = ledger.begin(sheet.id, 1, "practice", ())
            for face in sheet.public.faces:
                response = Response(sitting.id, sheet.id, 1, face.id, 1, "{}", "x", None, 0)
                ledger.mark(ledger.respond(response), 1, 0.3, "")
                count += face.credits
    return count


def test_credits_of_quizzes_and_exercises_in_every_form(run: Run, tiny_copy: Course) -> None:
    run("login", "Ada")
    solve(tiny_copy)
    run("check", "exercise-1")
    expected = 700 + 30 * answer_all(tiny_copy)
    possible = 700 + 100 * sum(sheet.credits for sheet in all_public(tiny_copy))

    document = json.loads(run("credits", "--format", "json").out)
    jsonschema.validate(document, SCHEMA)
    assert (document["earned_cents"], document["possible_cents"]) == (expected, possible)
    assert document["learner"] == {"id": "ada", "name": "Ada"}

    heading, *rows = parsed(run("credits", "--format", "csv").out)
    assert heading == COLUMNS
    assert len(rows) == len(document["rows"])
    assert sum(round(100 * float(row[6])) for row in rows) == expected

    lines = run("credits").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith(f"{decimal(expected)} of {decimal(possible)} credits")
    assert [line for line in lines if line in ("exercises", "quizzes", "topics")] == [
        "exercises",
        "quizzes",
        "topics",
    ]


def test_credits_without_quizzes(run: Run, tiny_copy: Course) -> None:
    for path in (tiny_copy.root / "quizzes").glob("*"):
        path.unlink()
    ran = run("credits")
    assert ran.code == 0
    assert "quizzes" not in ran.out
    assert ran.out.splitlines()[-1] == "0 of 7 credits · 7 to earn"


def test_an_exercise_that_lost_credits_is_not_worth_more_than_it_is(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    run("check", "exercise-1")
    path = tiny_copy.root / "exercises/exercise-1/exercise.yaml"
    path.write_text(path.read_text("utf-8").replace("credits: 7", "credits: 6"), encoding="utf-8")
    row = next(line for line in run("credits").out.splitlines() if "Doubling" in line)
    assert row.startswith("  ✓ exercise-1")
    assert row.split()[-3:] in (["6", "of", "6"], ["6.00", "of", "6.00"])


def test_a_ledger_in_the_way_is_one_sentence(run: Run, tiny_copy: Course) -> None:
    (tiny_copy.root / ".grader").write_text("in the way", encoding="utf-8")
    for arguments in (("credits",), ("login",), ("login", "Ada")):
        ran = run(*arguments)
        assert ran.code == 3
        assert "progress.db cannot be used" in ran.err
        assert len(ran.err.splitlines()) == 1
