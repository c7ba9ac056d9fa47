"""Sittings: what is stored, what it earns, and that neither time nor terminals nor tricks can change that."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from grader.course import CannotDo, Course
from grader.progress import Ledger, open_ledger
from grader.quiz.credits import QuizContext, balance
from grader.quiz.files import Picks, Quiz, full_quiz
from grader.quiz.questions.base import Unreadable
from grader.quiz.session import (
    AnsweredElsewhere,
    FinishedElsewhere,
    Item,
    Reply,
    Selection,
    Session,
)
from tests.quiz import helpers
from tests.quiz.helpers import numbers, runner, sample


class World:
    """One course folder, a clock, and what is opened in it."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.course = Course(root=root, title="A course", salt="salt")

    def ledger(self) -> AbstractContextManager[Ledger]:
        return open_ledger(self.course)

    def sit(self, sheet: Quiz, **options: Any) -> Session:
        return Session(sheet, QuizContext("salt", self.ledger, runner), Selection(**options))

    def earned(self, quiz: Quiz | None = None) -> int:
        with self.ledger() as ledger:
            return balance(ledger, quiz or sample()).cents


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "course")


def sheet(**header: Any) -> Quiz:
    """Return the sample with other keys in its header."""
    return full_quiz(sample().path, dataclasses.replace(sample().file, **header))


def right(session: Session, question: str) -> Reply:
    """Answer a question rightly."""
    item = session.item(question)
    text = helpers.question(question).right_answer(item.variant)
    return session.answer(item, text.partition(" = ")[0] if question == "all-gates" else text)


def gain(reply: Reply) -> int:
    return reply.counted.cents if reply.counted else 0


def note(reply: Reply) -> str:
    return reply.counted.note if reply.counted else ""


def wrong(session: Session, question: str, certainty: int | None = None) -> Reply:
    """Answer a question wrongly."""
    item = session.item(question)
    return session.answer(item, wrong_text(item), certainty)


def wrong_text(item: Item) -> str:
    ids = {"bound": ["trace"], "squashed": ["g", "c"], "back": ["untransposed"]}
    texts = {
        "half-life": "-3",
        "all-gates": "(1, 1)",
        "missing-gate": "none",
        "square": "7",
        "stack": "1: x = 1",
    }
    if item.variant.public.id == "roles":
        place = {option.id: "abcd"[number] for number, option in enumerate(item.variant.options)}
        return f"1{place['right-3']}"
    return texts.get(item.variant.public.id) or numbers(item.variant, *ids[item.variant.public.id])


# --- practice ---


def test_right_answers_earn_everything_once(world: World) -> None:
    session = world.sit(sheet())
    for number, question in enumerate(session.questions):
        reply = right(session, question)
        assert reply.mark is not None
        assert reply.mark.right
        assert reply.item.done
        assert reply.explain
        assert reply.source
        with pytest.raises(AnsweredElsewhere):
            session.answer(reply.item, reply.item.given)
        assert sum(one.answered for one in map(session.item, session.questions)) == number + 1
    assert world.earned() == 1700 == session.cents()
    summary = session.summary()
    assert (summary.share, summary.passed, summary.right, summary.read) == (1.0, True, 9, ())


def test_attempts_get_new_numbers_and_lower_weights(world: World) -> None:
    session = world.sit(sheet())
    first = session.item("half-life")
    reply = wrong(session, "half-life")
    assert (gain(reply), reply.solution, reply.explain, reply.item.done) == (0, "", "", False)
    second = session.item("half-life")
    assert first.variant.params != second.variant.params
    assert (second.attempt, second.tries) == (2, 3)
    assert gain(right(session, "half-life")) == 60
    last = session.item("half-life")
    assert last.done
    assert last.variant == second.variant  # it stays as it was answered
    said = session.said(last)
    assert said is not None
    assert said.solution == helpers.question("half-life").right_answer(second.variant)


def test_after_the_last_attempt_the_right_answer_is_told(world: World) -> None:
    session = world.sit(sheet())
    assert not wrong(session, "bound").item.done
    item = session.item("bound")
    reply = wrong(session, "bound")
    assert reply.item.done
    assert reply.solution == numbers(item.variant, "smax")


def test_nothing_unreadable_is_stored(world: World) -> None:
    session = world.sit(sheet())
    with pytest.raises(Unreadable):
        session.answer(session.item("bound"), "seven")
    assert session.item("bound").attempt == 1


def test_hints_are_kept_before_they_are_shown_and_cost_in_later_attempts_too(world: World) -> None:
    session = world.sit(sheet())
    item = session.item("half-life")
    assert item.next_hint == pytest.approx(0.25)
    wrong(session, "half-life")
    item = session.hint(session.item("half-life"))
    assert item.hints[0].startswith(f"Solve {item.variant.params['f']}")
    assert item.next_hint is None
    assert gain(right(world.sit(sheet()), "half-life")) == 35  # 0.6 - 0.25


def test_a_hint_taken_in_another_window_costs(world: World) -> None:
    one, other = world.sit(sheet()), world.sit(sheet())
    item = one.item("bound")
    other.hint(other.item("bound"))
    reply = one.answer(item, numbers(item.variant, "smax"))
    assert gain(reply) == 100


def test_flags_and_summary(world: World) -> None:
    session = world.sit(sheet())
    session.flag(session.item("back"))
    session.flag(session.item("stack"))
    session.flag(session.item("stack"))
    right(session, "square")
    wrong(session, "all-gates")
    summary = session.summary()
    assert summary.flagged == ("back",)
    assert "square" not in summary.open
    rows = {row.topic: (row.cents, row.possible, row.answered, row.questions) for row in summary.rows}
    assert rows["shapes"] == (100, 600, 2, 3)
    assert summary.read == (("shapes", ("lesson of exercise-7", "chapter, section 5.1")),)
    assert not summary.passed


def test_certainty_is_kept_with_the_first_answer(world: World) -> None:
    session = world.sit(sheet())
    wrong(session, "bound", 3)
    item = session.item("bound")
    session.answer(item, numbers(item.variant, "smax"), 1)
    right(session, "square")
    assert session.summary().certainty == ((3, False),)


# --- sittings ---


def test_a_sitting_is_taken_up_where_it_was_left(world: World) -> None:
    first = world.sit(sheet())
    wrong(first, "half-life")
    shown = first.item("half-life")
    again = world.sit(sheet())
    assert again.resumed
    assert again.sitting == first.sitting
    assert again.item("half-life") == shown
    again.finish()
    assert not world.sit(sheet()).resumed


def test_restart_leaves_what_was_earned(world: World) -> None:
    right(world.sit(sheet()), "bound")
    session = world.sit(sheet(), restart=True)
    assert (session.resumed, session.sitting.number, session.item("bound").answered) == (False, 2, False)
    assert world.earned() == 200


def test_parts_of_a_quiz(world: World) -> None:
    session = world.sit(sheet(), topic="shapes")
    assert session.questions == ("all-gates", "square", "stack")
    assert world.sit(sheet(), topic="shapes").resumed
    assert world.sit(sheet()).resumed  # go on with what is open
    for part in ({"topic": "gates"}, {"count": 2}, {"topic": "shapes", "count": 2}):
        with pytest.raises(CannotDo, match="--restart"):
            world.sit(sheet(), **part)
    some = world.sit(sheet(), count=4, restart=True).questions
    assert len(some) == 4
    assert list(some) == [one.id for one in sample().file.questions if one.id in some]
    assert world.sit(sheet(), count=4).questions == some


def test_two_windows_on_one_sitting(world: World) -> None:
    one, other = world.sit(sheet()), world.sit(sheet())
    assert one.sitting == other.sitting
    stale = other.item("bound")
    right(one, "bound")
    with pytest.raises(AnsweredElsewhere):
        other.answer(stale, numbers(stale.variant, "smax"))
    right(other, "square")
    assert world.earned() == 300
    one.finish()
    with pytest.raises(FinishedElsewhere):
        right(other, "stack")
    assert world.earned() == 300


def test_a_question_that_changed_or_went_does_no_harm(world: World) -> None:
    right(world.sit(sheet()), "bound")
    right(world.sit(sheet()), "half-life")
    questions: list[Any] = list(sample().file.questions[:-1])
    choices = tuple(dataclasses.replace(one, id=f"new-{one.id}") for one in questions[0].choices)
    questions[0] = dataclasses.replace(questions[0], choices=choices)
    session = world.sit(sheet(questions=tuple(questions), version=2))
    assert "stack" not in session.questions
    item = session.item("bound")
    assert (item.score, item.attempt, item.done) == (0.0, 2, False)
    assert session.item("half-life").done
    assert session.summary().cents == 300


# --- nothing can be farmed ---


def test_repeating_a_quiz_earns_only_what_was_missing(world: World) -> None:
    session = world.sit(sheet())
    wrong(session, "bound")
    right(session, "bound")
    assert world.earned() == 80
    for _ in range(3):
        session = world.sit(sheet(), restart=True)
        reply = right(session, "bound")
        assert session.cents() == 200
    assert world.earned() == 200
    assert (gain(reply), note(reply)) == (0, "an earlier sitting earned as much")
    session = world.sit(sheet(), restart=True)
    wrong(session, "bound")
    right(session, "bound")
    assert world.earned() == 200  # a worse sitting takes nothing away


def test_partial_sittings_never_earn_more_than_the_quiz(world: World) -> None:
    for options in (
        {"topic": "gates"},
        {"count": 3},
        {"count": 5},
        {},
        {"topic": "shapes"},
        {"count": 8},
        {},
    ):
        session = world.sit(sheet(), restart=True, **options)
        for question in session.questions:
            right(session, question)
        session.finish()
        assert world.earned() <= 1700
    assert world.earned() == 1700


def test_a_drawn_topic_earns_what_one_sitting_draws(world: World) -> None:
    equal = tuple(dataclasses.replace(one, credits=2) for one in sample().file.questions)
    drawn = sheet(questions=equal, draw=Picks({"shapes": 1, "gates": 1}))
    assert drawn.credits == 4
    seen = set()
    for _ in range(12):
        session = world.sit(drawn, restart=True)
        assert len(session.questions) == 2
        seen |= set(session.questions)
        for question in session.questions:
            right(session, question)
    assert len(seen) > 2
    assert world.earned(drawn) == 400


def test_a_review_earns_nothing_and_is_not_gone_on_with(world: World) -> None:
    wrong(world.sit(sheet()), "bound")
    world.sit(sheet()).finish()
    review = world.sit(sheet(), only=("bound",))
    assert review.sitting.mode == "review"
    reply = right(review, "bound")
    assert (gain(reply), note(reply), world.earned()) == (0, "a review earns nothing", 0)
    session = world.sit(sheet())
    assert (session.resumed, session.sitting.mode) == (False, "practice")
    assert gain(right(session, "bound")) == 200
    again = world.sit(sheet(), only=("bound",))
    assert again.sitting.id != review.sitting.id


# --- graded ---


def test_a_graded_quiz_says_nothing_and_can_be_changed(world: World) -> None:
    graded = sheet(mode="graded")
    session = world.sit(graded)
    item = session.item("bound")
    assert (item.next_hint, item.tries) == (None, 0)
    reply = session.answer(item, "1")
    assert (reply.mark, reply.solution, reply.explain, gain(reply)) == (None, "", "", 0)
    again = session.item("bound")
    assert again.variant == item.variant
    assert (again.given, again.done) == ("1", False)
    session.answer(again, "2")
    with world.ledger() as ledger:
        assert [one.answer for one in ledger.responses("every-type", "bound")] == ["1", "2"]
        assert ledger.scores("every-type") == {}
    assert session.summary().silent


def test_a_sheet_without_its_key_can_be_taken(world: World) -> None:
    public = dataclasses.replace(sheet(), key=None)
    session = world.sit(public)
    for question in session.questions:
        item = session.item(question)
        reply = session.answer(item, wrong_text(item))
        assert reply.mark is None
    assert session.summary().open == ()


def test_a_sitting_that_counts_asks_the_whole_quiz(world: World) -> None:
    graded = sheet(mode="graded", sittings=2)
    for part in ({"topic": "shapes"}, {"count": 3}):
        with pytest.raises(CannotDo, match="only the first 2 sittings count of every-type"):
            world.sit(graded, **part)
    for number in (1, 2):
        session = world.sit(graded, restart=True)
        assert (session.sitting.number, len(session.questions)) == (number, 9)
    assert len(world.sit(graded, restart=True, count=3).questions) == 3  # it earns nothing anyway


# --- the ledger holds together ---


@pytest.fixture(autouse=True)
def whole(world: World) -> Iterator[None]:
    yield
    connection = sqlite3.connect(world.course.state_folder / "progress.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
