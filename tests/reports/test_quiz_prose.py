"""Markdown of questions on a terminal: signs for mathematics, code as it is, lines that fit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.reports.quiz_prose import NO_BREAK, plain, prose_lines


def laid_out(markdown: str, width: int = 40, indent: str = "  ") -> list[str]:
    return [line.text for line in prose_lines(markdown, "detail", width, indent)]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a *word* and **two words**", "a word and two words"),
        ("***both***, 2 * 3 * 4", "both, 2 * 3 * 4"),
        ("`a * b * c` is *code*", "`a * b * c` is code"),
        ("$h_t = \\tanh(x)$", "hₜ = tanh(x)"),
        ("over\n  two   lines", "over two lines"),
        ("snake_case stays", "snake_case stays"),
    ],
)
def test_markdown_in_one_line(markdown: str, text: str) -> None:
    assert plain(markdown) == text


def test_paragraphs_items_and_rows_stand_for_themselves() -> None:
    markdown = "First\nline.\n\nSecond.\n- one item\n  that goes on\n2. another\n| a | b |\n| c | d |"
    assert laid_out(markdown, indent="") == [
        "First line.",
        "Second.",
        "- one item that goes on",
        "2. another",
        "| a | b |",
        "| c | d |",
    ]


def test_an_item_is_broken_below_its_own_text() -> None:
    assert laid_out("- a long item that takes more than one line of the page", width=30) == [
        "  - a long item that takes",
        "    more than one line of the",
        "    page",
    ]


def test_a_block_of_code_stays_as_it_is_two_columns_further_in() -> None:
    markdown = "Read:\n\n```python\nfor t in range(T):\n    h = step(h)   # *not* emphasis\n```\nThen answer."
    lines = list(prose_lines(markdown, "note", 30, "  "))
    assert [(line.text, line.style) for line in lines] == [
        ("  Read:", "note"),
        ("    for t in range(T):", "code"),
        ("        h = step(h)   # *not* emphasis", "code"),
        ("  Then answer.", "note"),
    ]


def test_a_piece_of_code_is_not_broken() -> None:
    lines = laid_out("what does it mean that `np.ones((2, 1)) @ x` is no scalar", width=36)
    assert any("`np.ones((2, 1)) @ x`" in line for line in lines)
    assert not any(NO_BREAK in line for line in lines)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "word", "`c d`", "*x*", "**y**", "- ", "\n", "\n\n", "| r |", "1. ", "λ"]))
)
def test_no_line_is_longer_than_the_page(pieces: list[str]) -> None:
    for line in laid_out(" ".join(pieces), width=24):
        assert len(line) <= 24
