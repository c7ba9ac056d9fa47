"""The one rule of credits: what it counts, in whatever order; and ledgers of the grader before it."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from grader.course import Course
from grader.progress import Learner, Response, Sitting, open_ledger
from grader.quiz.credits import Credits, QuizContext, balance, earning, fold, update
from grader.quiz.files import Attempts, Picks, Quiz, find_quiz, full_quiz
from tests.quiz.helpers import question, runner, sample

LONG = os.environ.get("GRADER_LONG") == "1"
LEDGERS = Path(__file__).parents[1] / "fixtures" / "ledgers"
QUESTIONS = [one.id for one in sample().file.questions]
EQUAL = tuple(dataclasses.replace(one, credits=2) for one in sample().file.questions)
DRAWN = {"questions": EQUAL, "draw": Picks({"shapes": 1, "gates": 1})}


def sheet(**header: Any) -> Quiz:
    return full_quiz(sample().path, dataclasses.replace(sample().file, **header))


# --- what holds whatever is answered --------------------------------------------------------------------

HEADERS: list[dict[str, Any]] = [
    {},
    DRAWN,
    {"mode": "graded"},
    {"mode": "graded", "sittings": 2},
    {"mode": "graded", "sittings": 2, **DRAWN},
]
MODES = st.lists(st.sampled_from(["practice", "practice", "review"]), min_size=5, max_size=5)
ANSWERS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(QUESTIONS),
        st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0]),
        st.integers(0, 2),
    ),
    max_size=40,
)


def folded(quiz: Quiz, modes: list[str], answers: list[tuple[int, str, float, int]]) -> Credits:
    """Count answers: to which of five sittings, to which question, with which score, after how many hints."""
    sittings = [
        Sitting(number, quiz.id, 1, mode, number, tuple(QUESTIONS), "", None)
        for number, mode in enumerate(modes, 1)
    ]
    responses = [
        Response(place + 1, quiz.id, 1, asked, 1, "{}", "", None, hints, id=count)
        for count, (place, asked, _, hints) in enumerate(answers, 1)
    ]
    return fold(quiz, sittings, responses, {count: one[2] for count, one in enumerate(answers, 1)})


@settings(max_examples=150 if LONG else 40, deadline=None)
@given(st.sampled_from(HEADERS), MODES, ANSWERS)
def test_no_answers_earn_more_than_there_is(
    header: dict[str, Any], modes: list[str], answers: list[tuple[int, str, float, int]]
) -> None:
    quiz = sheet(**header)
    found = folded(quiz, modes, answers)
    assert found.cents == sum(one.cents for one in found.answers) == sum(found.by_topic.values())
    assert all(0 <= cents <= 100 * quiz.possible(topic) for topic, cents in found.by_topic.items())
    best = Counter[str]()
    for (_, asked), worth in found.by_sitting.items():
        best[asked] = max(best[asked], worth)
    assert all(cents <= best[asked] for asked, cents in found.by_question.items())
    for one in found.answers:
        assert 0 <= one.cents <= one.worth or one.cents > one.worth == 0
        assert bool(one.note) == (one.cents != one.worth or modes[one.response.sitting - 1] == "review") or (
            one.response.sitting > quiz.public.sittings and quiz.public.mode == "graded"
        )
        if modes[one.response.sitting - 1] == "review":
            assert (one.worth, one.cents) == (0, 0)
        elif quiz.public.mode == "graded" and one.response.sitting > quiz.public.sittings:
            assert one.cents == 0


@settings(max_examples=150 if LONG else 40, deadline=None)
@given(st.sampled_from([{}, DRAWN]), MODES, ANSWERS)
def test_in_practice_a_later_answer_changes_nothing_before_it(
    header: dict[str, Any], modes: list[str], answers: list[tuple[int, str, float, int]]
) -> None:
    whole = folded(sheet(**header), modes, answers)
    for count in range(len(answers)):
        assert folded(sheet(**header), modes, answers[:count]).answers == whole.answers[:count]


# --- what one attempt is worth ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "question_id", "attempt", "best", "hints", "credits", "arithmetic"),
    [
        (1.0, "half-life", 1, 0.0, 0.0, 1.0, "1.00 · 1 credit = 1.00"),
        (1.0, "half-life", 2, 0.0, 0.0, 0.6, "1.00 · 1 credit · 0.6 (attempt 2) = 0.60"),
        (1.0, "half-life", 2, 0.2, 0.25, 0.28,
         "(1.00 - 0.20) · 1 credit · (0.6 for attempt 2 - 0.25 for hints) = 0.28"),
        (1.0, "half-life", 3, 0.0, 0.5, 0.0, "1.00 · 1 credit · (0.3 for attempt 3 - 0.5 for hints) = 0.00"),
        (1.0, "half-life", 4, 0.0, 0.0, 0.0, "1.00 · 1 credit · 0 (attempt 4) = 0.00"),
        (1.0, "bound", 2, 0.25, 0.0, 0.6, "(1.00 - 0.25) · 2 credits · 0.4 (attempt 2) = 0.60"),
        (0.2, "bound", 2, 0.25, 0.0, 0.0, "0 (no better than before) · 2 credits · 0.4 (attempt 2) = 0.00"),
    ],
)  # fmt: skip
def test_earnings(
    value: float, question_id: str, attempt: int, best: float, hints: float, credits: float, arithmetic: str
) -> None:
    earlier = [best] * (attempt - 1)
    got = earning(question(question_id), Attempts(), value, earlier, hints)
    assert got == (round(100 * credits), arithmetic)


@settings(max_examples=200 if LONG else 40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.floats(0, 1))
def test_attempts_never_earn_more_than_the_credits_nor_less_than_nothing(
    scores: list[float], cost: float
) -> None:
    total = 0
    for count, score in enumerate(scores):
        worth, arithmetic = earning(question("back"), Attempts(), score, scores[:count], cost)
        assert worth >= 0
        assert arithmetic.endswith(f"= {worth / 100:.2f}")
        total += worth
    assert total <= 100 * question("back").credits + 3  # each is rounded to a hundredth


# --- ledgers of the grader before scores were stored ----------------------------------------------------


def with_changed_key(course: Course) -> None:
    """Give the quiz its second version: another right word, a mistake worth more, a choice with a new id."""
    path = course.root / "quizzes" / "every-type.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in json.loads((LEDGERS / "changes.json").read_text(encoding="utf-8")):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("ledger_name", "shown", "version"),
    [
        ("one-version", "one-version", 1),
        ("one-version", "changed-key", 2),  # and what was answered is marked anew at the first look
        ("two-versions", "two-versions", 2),
    ],
)
def test_an_old_ledger_shows_the_balances_that_it_showed(
    tiny_copy: Course, ledger_name: str, shown: str, version: int
) -> None:
    tiny_copy.state_folder.mkdir()
    shutil.copy(LEDGERS / f"{ledger_name}.db", tiny_copy.state_folder / "progress.db")
    if version == 2:
        with_changed_key(tiny_copy)
    quiz = find_quiz(tiny_copy, "every-type")
    context = QuizContext(tiny_copy.salt, lambda: open_ledger(tiny_copy), runner)
    expected = json.loads((LEDGERS / f"{shown}.json").read_text(encoding="utf-8"))
    for name, balances in expected.items():
        with open_ledger(tiny_copy) as ledger:
            ledger.login(Learner.named(name))
        for _ in range(2):
            update([quiz], context)
            with open_ledger(tiny_copy) as ledger:
                topics = balance(ledger, quiz).by_topic
                exercise = ledger.best_checks().get("exercise-1")
            found = {f"quiz/every-type/{topic}": topics.get(topic, 0) for topic in quiz.topics}
            earned = 100 * exercise.earned if exercise else 0
            assert {"exercise/exercise-1/1. Warming up": earned, **found} == balances, name
