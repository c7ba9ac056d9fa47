"""The statement of a learner in every form it is shown in, and the overview of a course."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

import grader.reports
from grader.progress import ANONYMOUS, Learner, Standing
from grader.reports.statement import (
    COLUMNS,
    Row,
    beside_lines,
    overview_lines,
    statement_lines,
    statement_to_csv,
    statement_to_json,
)
from grader.reports.text import decimal, harmless, mark_of

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
    assert len(overview_lines("T" * 70, [], width, long)[0].text) == width


def test_a_heading_names_who_is_logged_in() -> None:
    for learner, heading in ((ANONYMOUS, "Course"), (ADA, "Course · Ada")):
        assert overview_lines("Course", [], learner=learner)[0].text == heading


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


# --- the overview of a course ---


def overview(*rows: tuple[str, str, int, int | None], width: int = 60, stretch: str = "") -> list[str]:
    stood = [Standing(*row, stretch=row[0] == stretch) for row in rows]
    return [line.text for line in overview_lines("A course", stood, width)]


def test_what_is_beyond_the_course_is_marked_and_counted_apart() -> None:
    rows = ("exercise-1", "Doubling", 7, 3), ("exercise-2", "More", 10, 5)
    *_, marked, _, closing = overview(*rows, width=80, stretch="exercise-2")
    assert "More (stretch)" in marked
    assert closing == "3 of 7 credits and 5 of 10 stretch · next: grader check exercise-1"
    lines = [line.text for line in statement_lines(ADA, ROWS, 80, {"exercise-1"})]
    assert any("(stretch)" in line for line in lines)
    assert "of them stretch" in lines[-1]


def test_an_overview_lines_up_and_says_what_is_next() -> None:
    lines = overview(
        ("exercise-1", "Doubling", 7, 7),
        ("exercise-12", "A title", 10, 3),
        ("b", "B", 5, None),
    )
    assert lines == [
        "A course",
        "",
        f"{'  ✓ exercise-1   Doubling':<49} {'7 of  7':>10}",
        f"{'  … exercise-12  A title':<49} {'3 of 10':>10}",
        f"{'  · b            B':<49} {'– of  5':>10}",
        "",
        "10 of 22 credits · next: grader check exercise-12",
    ]


@pytest.mark.parametrize(
    ("earned", "says"),
    [
        (None, "next: grader show exercise-1"),
        (3, "next: grader check exercise-1"),
        (7, "every exercise is done"),
    ],
)
def test_the_next_step(earned: int | None, says: str) -> None:
    assert overview(("exercise-1", "Doubling", 7, earned))[-1].endswith(f" of 7 credits · {says}")


def test_a_long_title_gives_way() -> None:
    lines = overview(("exercise-1", "word " * 30, 7, 7), width=40)
    assert max(map(len, lines)) == 40
    assert lines[2].endswith("…   7 of  7")


def test_an_empty_course_is_done() -> None:
    assert overview() == ["A course", "", "", "0 of 0 credits · every exercise is done"]


def test_signs() -> None:
    assert [mark_of(7, earned)[0] for earned in (None, 0, 6, 7, 8)] == ["·", "…", "…", "✓", "✓"]


STUB = 'def f(x):\n    """Square it."""\n    raise NotImplementedError\n'


def test_a_solution_stands_beside_ones_own_code_or_below_it() -> None:
    own = 'def helper():\n    pass\n\n\ndef f(x):\n    """Square it."""\n    return x * x\n'
    solution = 'def f(x):\n    """Square it."""\n    y = x\n    return y**2\n'
    assert [line.text for line in beside_lines(own, solution, STUB, 80)] == [
        *("f:", "  yours", "    return x * x", "  the course's", "    y = x", "    return y**2"),
    ]
    wide = [line.text for line in beside_lines(own, solution, STUB, 100)]
    assert wide == ["f:", f"  {'return x * x':<47} | y = x", f"  {'':<47} | return y**2"]


@pytest.mark.parametrize("width", [30, 80, 100, 200])
def test_long_lines_of_code_are_broken(width: int) -> None:
    long = f"def f(x):\n    return {' + '.join('x' * 99)}\n"
    lines = [line.text for line in beside_lines(long, long.replace("+", "-"), STUB, width)]
    assert max(map(len, lines)) <= width
    assert "".join(lines).count("x") == 2 * 99


def test_code_that_is_no_python_is_shown_as_it_is() -> None:
    lines = [line.text for line in beside_lines("def f(x:\n  \x1b[2J\n", STUB + "    return 1", STUB, 80)]
    assert "    def f(x:" in lines
    assert not any("\x1b" in line for line in lines)
