"""Tables: signs of what was earned, and the next thing to do."""

from __future__ import annotations

import pytest

from grader.reports.tables import Row, mark_of, overview_lines


def overview(*rows: Row, width: int = 60) -> list[str]:
    return [line.text for line in overview_lines("A course", list(rows), width)]


def test_an_overview_lines_up_and_says_what_is_next() -> None:
    rows: list[Row] = [
        ("exercise-1", "Doubling", 7, 7),
        ("exercise-12", "A title", 10, 3),
        ("b", "B", 5, None),
    ]
    lines = overview(*rows)
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
