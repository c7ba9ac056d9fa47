"""Text from the student's side, made safe and short enough to show."""

from __future__ import annotations

import pytest

from grader.sandbox.text import break_orders, clean, one_line, shorten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("λ × é", "λ × é"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\u202eb", "a\\u202eb"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("::error::no", ": :error::no"),
        ("##vso[task]", "# #vso[task]"),
    ],
)
def test_what_hides_is_written_out(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert break_orders(clean(text)) == clean(text)


def test_text_is_cut_before_it_grows() -> None:
    assert clean(10 * "\x1b", 2) == "\\x1b\\x1b"


def test_one_line_has_neither_breaks_nor_runs_of_space() -> None:
    assert one_line("  a\n\n b\tc\r\n") == "a b c\\x0d"
    assert one_line("a b c d", 3) == "a b"


def test_shortened_text_shows_that_something_is_missing() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd", 3) == "ab…"
