"""A sitting on the screen: what is asked, what is said to an answer, how it went."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from grader.course import Course
from grader.progress import open_ledger
from grader.quiz.credits import QuizContext
from grader.quiz.files import Quiz, full_quiz
from grader.quiz.session import Item, Reply, Selection, Session, Summary
from grader.reports import quiz_screen as screen
from grader.reports.quiz_screen import NO_BREAK, plain, prose_lines
from grader.reports.text import Line
from tests.quiz.helpers import numbers, runner, sample

WIDTH = 76


def text(lines: Iterable[Line]) -> str:
    return "\n".join(line.text for line in lines)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(root=tmp_path, title="A course", salt="salt")


@pytest.fixture
def session(course: Course) -> Session:
    return sit(course)


def sit(course: Course, **options: Any) -> Session:
    header = {"mode": options.pop("mode", "practice"), "title": "One of every type"}
    sheet: Quiz = full_quiz(sample().path, dataclasses.replace(sample().file, **header))
    if header["mode"] == "graded":
        sheet = dataclasses.replace(sheet, key=None)
    return Session(sheet, QuizContext("salt", lambda: open_ledger(course), runner), Selection(**options))


def answered(session: Session, question: str, typed: str) -> Reply:
    return session.answer(session.item(question), typed)


def by_ids(session: Session, question: str, *ids: str) -> Reply:
    item = session.item(question)
    return session.answer(item, numbers(item.variant, *ids))


# --- before ---


def test_the_start_says_what_is_to_come(course: Course, session: Session) -> None:
    shown = text(screen.intro_lines(session, WIDTH))
    assert "One of every type" in shown
    assert "9 questions · 17 credits · pass mark 70%" in shown
    assert "You are told at once what was right." in shown
    assert "Going on" not in shown
    again = text(screen.intro_lines(sit(course), WIDTH))
    assert "Going on where you left; --restart begins anew." in again


def test_a_graded_quiz_says_which_sitting_counts(course: Course) -> None:
    first = sit(course, mode="graded")
    assert "this is sitting 1." in text(screen.intro_lines(first, 200))
    first.finish()
    second = text(screen.intro_lines(sit(course, mode="graded"), 200))
    assert "this is sitting 2: it is kept, and earns nothing." in second


def test_the_menu_shows_what_was_earned_and_what_is_due() -> None:
    assert text(screen.menu_lines([], 0)) == "this course has no quizzes yet"
    quiz = sample()
    public = dataclasses.replace(quiz.public, title="The gates", faces=quiz.public.faces[:2])
    first = dataclasses.replace(quiz, public=public)
    credits = [first.credits, quiz.credits, quiz.credits]
    rows = [(first, 150, "finished"), (quiz, 100 * quiz.credits, ""), (quiz, 0, "")]
    lines = list(screen.menu_lines(rows, 1, WIDTH))
    assert [line.style for line in lines[1::2]][:3] == ["skipped", "passed", "detail"]
    shown = text(lines)
    assert f"         2         1.50 of {credits[0]}  finished" in " ".join(shown.splitlines())
    assert f"    The gates: {', '.join(first.topics)}" in shown
    assert f"{1.5 + credits[1]:.2f} of {sum(credits)} credits" in shown
    assert "1 missed question is due" in shown
    assert "2 missed questions are due" in text(screen.menu_lines(rows, 2, WIDTH))
    assert all(len(line.text) <= WIDTH for line in lines)


# --- a question ---


@pytest.mark.parametrize("question", [question.id for question in sample().file.questions])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_question_shows_all_that_can_be_chosen(session: Session, question: str, width: int) -> None:
    item = session.item(question)
    lines = list(screen.question_lines(session, item, width))
    shown = text(lines)
    asks = text(screen.help_lines(item, width)).splitlines()[0].strip()
    assert asks.split(";")[0][:20] in shown
    assert "Enter skips" in " ".join(shown.split())
    for number in range(1, len(item.variant.options) + 1):
        name = "abcdefgh"[number - 1] if item.variant.public.lefts else str(number)
        assert any(line.text.startswith(f"  {name:>2}  ") for line in lines)
    assert all(len(line.text) <= width for line in lines if line.style != "code")


def test_lines_of_code_have_numbers_where_one_is_to_be_named(session: Session) -> None:
    assert "   4     column = x" in text(screen.question_lines(session, session.item("stack"), WIDTH))
    assert "    print((np.ones(4) + h).shape)" in text(
        screen.question_lines(session, session.item("square"), WIDTH)
    )


def test_facts_of_a_question(session: Session) -> None:
    item = session.flag(session.item("bound"))
    shown = " ".join(text(screen.question_lines(session, item, WIDTH)).split())
    assert "question 1 of 9" in shown
    assert "0.00 earned · vanishing · 2 credits · attempt 1 of 2 · flagged · h: hint -1.00" in shown
    assert "hint: Bound a single step first." in text(
        screen.question_lines(session, session.hint(item), WIDTH)
    )
    assert "█" not in text(screen.question_lines(session, session.item("stack"), WIDTH, columns=0))
    assert "█" in text(screen.question_lines(session, session.item("stack"), WIDTH))


# --- an answer ---


def test_what_is_said_to_a_right_answer(session: Session) -> None:
    reply = by_ids(session, "bound", "smax")
    shown = text(screen.reply_lines(reply, WIDTH))
    assert shown.splitlines()[0] == "  ✓ right"
    assert "credits: 1.00 · 2 credits = 2.00; your balance +2.00" in shown
    assert "The norm of a product is at most" in shown
    assert "source: Pascanu, Mikolov and Bengio (2013), section 2.1" in shown
    assert "right is" not in shown


def test_what_is_said_to_wrong_answers(session: Session) -> None:
    first = by_ids(session, "bound", "rho")
    shown = text(screen.reply_lines(first, WIDTH))
    assert "  … partly right: 0.25" in shown
    assert "That holds for normal matrices only" in shown
    assert "try again" in shown
    assert "with new numbers" not in shown
    assert "right is" not in shown
    last = by_ids(session, "bound", "trace")
    shown = " ".join(text(screen.reply_lines(last, WIDTH)).split())
    assert "✗ not right" in shown
    assert f"right is: {last.solution}, the largest singular value of W" in shown
    drawn = answered(session, "half-life", "99")
    assert "try again, with new numbers" in text(screen.reply_lines(drawn, WIDTH))


def test_nothing_is_said_where_answers_are_graded_later(course: Course) -> None:
    session = sit(course, mode="graded")
    reply = answered(session, "missing-gate", "forget gate")
    assert text(screen.reply_lines(reply)) == "  stored; you can change it until you finish"
    again = text(screen.question_lines(session, session.item("missing-gate"), 100))
    assert "your answer: forget gate; type another one, or Enter" in again
    summary = text(screen.summary_lines(session, session.summary(), WIDTH))
    assert "1 of 9 answered" in summary
    assert "whoever has the key grades them" in summary


def test_the_list_has_a_sign_for_every_state(course: Course, session: Session) -> None:
    by_ids(session, "bound", "smax")
    answered(session, "half-life", "99")
    for text_ in ("input gate", "cell", "peephole"):
        answered(session, "missing-gate", text_)
    session.flag(session.item("roles"))
    items: list[Item] = [session.item(question) for question in session.questions]
    lines = list(screen.list_lines(items, 50))
    signs = {line.text.split()[1]: line.text.split()[0] for line in lines}
    assert (signs["1"], signs["2"], signs["3"], signs["7"]) == ("✓", "·", "…", "✗")
    assert lines[5].text.endswith("  flagged")
    assert all(len(line.text) <= 50 for line in lines)
    silent = sit(course, mode="graded", restart=True)
    answered(silent, "missing-gate", "cell")
    assert next(screen.list_lines([silent.item("missing-gate")])).text.startswith("  •   1  ")


# --- how it went ---


def test_the_summary_says_what_was_earned_and_where_to_read_on(session: Session) -> None:
    by_ids(session, "bound", "smax")
    answered(session, "all-gates", "(3, 4)")
    session.flag(session.item("roles"))
    shown = text(screen.summary_lines(session, session.summary(), WIDTH))
    assert "2.00 of 17 credits, 12%" in shown
    assert "  ✗ shapes" in shown
    assert "  · gates" in shown
    assert "below the pass mark (70%)" in shown
    assert "flagged: question 6 (" in shown
    assert "without an answer: question 2 (gates), question 3 (" in " ".join(shown.split())
    assert "read on shapes: lesson of exercise-7" in shown
    assert "    grader show exercise-7" in shown


@pytest.mark.parametrize(
    ("certainty", "said"),
    [
        ([(3, True)] * 2, "certain: 2 of 2 right"),
        ([(3, False)] * 3, "you are surer than you are right"),
        ([(1, True)] * 3, "you know more than you trust yourself to"),
        ([(2, True), (1, False)], "guessing: 0 of 1 right · fairly sure: 1 of 1 right"),
    ],
)
def test_certainty_is_held_against_the_truth(
    session: Session, certainty: list[tuple[int, bool]], said: str
) -> None:
    summary: Summary = dataclasses.replace(session.summary(), certainty=tuple(certainty))
    assert said in " ".join(text(screen.summary_lines(session, summary, 200)).split())


# --- Markdown ---


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
