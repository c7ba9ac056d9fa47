"""How a report is laid out: order, credits, what is said once, what is left out, and maps of arrays."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from grader.checks.report import Mismatch, Outcome, Report
from grader.reports.text import (
    MAP_WIDTH,
    Line,
    array_map,
    changed_lines,
    decimal,
    ends,
    outcome_text,
    report_lines,
    unconfined,
    wrapped,
)
from grader.sandbox import REQUIRED
from grader.sandbox.text import one_line, shorten


def outcome(check: str, status: Any = "passed", function: str = "f", **fields: Any) -> Outcome:
    return Outcome(check, f"Title of {check}.", function, status, 2, **fields)


def laid_out(*outcomes: Outcome, width: int = 80, **fields: Any) -> list[str]:
    report = Report("exercise-1", "Doubling", outcomes, seed=7, **fields)
    return [line.text for line in report_lines(report, width)]


def test_a_passed_report_is_its_heading_and_its_checks() -> None:
    assert laid_out(outcome("a"), outcome("b"), width=60) == [
        f"{'exercise-1  Doubling':<45} 4 of 4 credits",
        f"{'  ✓ Title of a.':<56} 2/2",
        f"{'  ✓ Title of b.':<56} 2/2",
    ]


def test_checks_of_a_function_stand_together_and_what_is_next_at_the_end() -> None:
    failed = outcome("a", "failed", message="`h` should be (3, 4)")
    lines = laid_out(failed, outcome("b", function="g"), outcome("c"))
    assert [line.split()[0] for line in lines[1:]] == ["✗", "`h`", "✓", "✓", "next:", "same"]
    assert lines[-1] == "  same inputs again: add --seed 7"
    assert [line.split()[3] for line in lines if "Title" in line] == ["a.", "c.", "b."]


def test_what_several_checks_would_each_say_is_said_once() -> None:
    lines = laid_out(outcome("a", "failed", message="no"), outcome("b", "failed", message="no"))
    assert lines[1].startswith("  ✗ 2 checks of f")
    assert lines[1].endswith("0/4")
    assert lines.count("    no") == 1


def test_checks_that_wait_are_counted_below_what_they_wait_for() -> None:
    waiting = [outcome(name, "skipped", message="waits for a") for name in "bc"]
    lines = laid_out(outcome("a", "failed", message="no"), *waiting)
    assert any(line.startswith("  – 2 more checks wait for those above") for line in lines)
    assert not any("waits for a" in line for line in lines)


def test_checks_that_wait_for_another_exercise_say_so_themselves() -> None:
    lines = laid_out(outcome("a"), outcome("b", "skipped", message="waits for exercise-1"))
    assert "    waits for exercise-1" in lines


def test_an_error_is_called_the_courses() -> None:
    lines = laid_out(outcome("a", "error", message="it broke"))
    assert "    This is a fault of the course, not of your code: it broke" in lines
    assert outcome_text(outcome("a", "error", message="it broke")).startswith("This is a fault of the course")


def test_long_messages_and_long_prints_are_cut() -> None:
    printed = "\n".join(f"line {number}" for number in range(20))
    lines = laid_out(outcome("a", "failed", message="\n".join("m" * 30), output=printed))
    assert "    … 19 more lines" in lines
    assert "    | … 14 lines left out …" in lines
    assert "  your code printed in a:" in lines


def test_what_a_hidden_check_made_the_code_print_is_not_shown() -> None:
    lines = laid_out(outcome("a", "failed", message="no", output="hushed", hidden=True))
    assert not any("hushed" in line for line in lines)


def test_a_missing_layer_is_told_where_code_ran() -> None:
    assert not unconfined(REQUIRED)
    assert "without" in unconfined(())[0]
    assert any("not fully confined" in line for line in laid_out(outcome("a"), source_sha256="0" * 64))
    assert not any("not fully confined" in line for line in laid_out(outcome("a")))


@pytest.mark.parametrize(
    ("change", "is_new"),
    [
        ({}, False),
        ({"seconds": 2.0}, False),
        ({"diagnosis": "Another mistake."}, True),
        ({"message": "Off."}, True),
        ({"output": "printed"}, True),
    ],
)
def test_whatever_is_shown_counts_as_news(change: dict[str, Any], is_new: bool) -> None:
    one = Outcome("check_a", "A check", "a", "failed", 1, "Wrong.", diagnosis="A mistake.")
    before = Report("exercise-1", "Title", (one,), seed=1)
    report = dataclasses.replace(before, outcomes=(dataclasses.replace(one, **change),))
    texts = [line.text for line in changed_lines(report, before)]
    assert ("  nothing else than before" in texts) is not is_new


def test_no_line_is_wider_than_asked_for() -> None:
    mismatch = Mismatch("dxs", ("T", "D", "N"), (3, 2, 3), "......" + "xxxxxx" + "..x..x")
    failed = outcome(
        "a" * 90, "failed", message="word " * 60, output="p" * 200, mismatch=mismatch, diagnosis="d " * 80
    )
    for width in (40, 60, 80, 100):
        lines = laid_out(failed, width=width, notes=("note " * 50,))
        assert max(map(len, lines)) <= width


def test_a_wrapped_line_gives_no_orders_and_keeps_its_indent() -> None:
    assert [line.text for line in wrapped("  a b\nc", "detail", 20)] == ["      a b", "    c"]
    assert list(wrapped("words ::error", "note", 8, indent="")) == [
        Line("words", "note"),
        Line(": :error", "note"),
    ]


def test_the_left_end_gives_way() -> None:
    assert ends("left", "right", 12) == "left   right"
    assert ends("a long left", "right", 12) == "a lon… right"
    assert shorten("text", 4) == "text"


def test_the_map_shows_where_and_says_which() -> None:
    mismatch = Mismatch("dxs", ("T", "D", "N"), (3, 2, 3), "......" + "xxxxxx" + "..x..x")
    lines = array_map(outcome("a", "failed", mismatch=mismatch))
    assert lines == ["dxs (T, D, N): x is wrong, only in time steps 1 to 2", "···  xxx  ··x", "···  xxx  ··x"]


def test_a_map_that_does_not_fit_is_left_to_the_words() -> None:
    wide = Mismatch("h", ("H", "N"), (2, 70), "x" * 70 + "." * 70)
    assert array_map(outcome("a", "failed", mismatch=wide), MAP_WIDTH) == [
        "h (H, N): x is wrong, only in unit 0"
    ]


def test_an_array_that_is_wrong_everywhere_needs_no_map() -> None:
    assert not array_map(outcome("a", "failed", mismatch=Mismatch("h", (), (2, 2), "xxxx")))


def test_axes_without_names_are_numbered() -> None:
    some = Mismatch("h", (), (4, 2), "x." + "x." + ".." + "x.")
    assert array_map(outcome("a", "failed", mismatch=some))[0] == (
        "h: x is wrong, only in axis 0, places 0 to 1, 3 and axis 1, place 0"
    )


def test_amounts_are_exact_and_texts_are_one_line() -> None:
    assert [decimal(cents) for cents in (150, -5, 0)] == ["1.50", "-0.05", "0.00"]
    assert one_line("a\n b\x1b") == "a b\\x1b"
