"""The one rule of credits: what it counts, whatever the order, the sittings and the hints."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.progress.ledger import Response, Sitting
from grader.quiz.credits import fold
from grader.quiz.edition import PublicQuiz, public_quiz
from grader.quiz.questions.base import Marked
from grader.quiz.registry import Picks, Quiz
from grader.quiz.replay import replay
from tests.quiz.helpers import sample

QUESTIONS = [one.id for one in sample().file.questions]
EQUAL = tuple(dataclasses.replace(one, credits=2) for one in sample().file.questions)
DRAWN = {"questions": EQUAL, "draw": Picks({"shapes": 1, "gates": 1})}


def sheet(**header: Any) -> PublicQuiz:
    return public_quiz(Quiz(sample().path, dataclasses.replace(sample().file, **header)))


HEADERS = [
    {},
    DRAWN,
    {"mode": "graded"},
    {"mode": "graded", "sittings": 2},
    {"mode": "graded", "sittings": 2, **DRAWN},
]
ANSWERS = st.tuples(
    st.integers(0, 4),
    st.sampled_from(QUESTIONS),
    st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0]),
    st.integers(0, 2),
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(HEADERS),
    st.lists(st.sampled_from(["practice", "practice", "review"]), min_size=5, max_size=5),
    st.lists(ANSWERS, max_size=40),
)
def test_the_fold_counts_as_the_rule_before_it(
    header: dict[str, Any], modes: list[str], answers: list[tuple[int, str, float, int]]
) -> None:
    quiz = sheet(**header)
    sittings = [
        Sitting(number, quiz.id, 1, mode, number, tuple(QUESTIONS), "", None)
        for number, mode in enumerate(modes, 1)
    ]
    responses = [
        Response(sittings[place].id, quiz.id, 1, question, 1, "{}", "", None, hints, id=count)
        for count, (place, question, _, hints) in enumerate(answers, 1)
    ]
    scores = {count: score for count, (_, _, score, _) in enumerate(answers, 1)}
    before = replay(quiz, sittings, responses, {one: Marked(score, "") for one, score in scores.items()})
    now = fold(quiz, sittings, responses, scores)
    reviews = {one.id for one in sittings if one.mode == "review"}
    assert [(one.response.id, one.worth, one.cents, one.earning.arithmetic, one.note) for one in before] == [
        (one.response.id, one.worth, one.cents, one.arithmetic, one.note)
        for one in now.answers
        if one.response.sitting not in reviews
    ]
    assert now.cents == sum(one.cents for one in before) <= 100 * quiz.credits
    assert all(one.cents == one.worth == 0 for one in now.answers if one.response.sitting in reviews)
