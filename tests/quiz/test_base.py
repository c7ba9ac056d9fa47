"""Variants: the same draws for ever, all of them equally likely, and texts filled in as people write."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from grader.quiz.credits import asked
from grader.quiz.files import Picks
from grader.quiz.formula import FormulaError, evaluate
from grader.quiz.questions.base import (
    Draw,
    PublicQuestion,
    Stream,
    fill,
    format_value,
    make_variant,
    recalled,
)
from tests.quiz.helpers import question, sample, variant_of

# What a student saw must be drawn again, years later, by whoever grades: never change a value below.
GOLDEN_NUMBERS = [9, 9, 3, 7, 9, 2, 5, 8, 9, 8, 8, 3]
GOLDEN_VARIANTS = {
    "bound": '{"options":["rho","smax","trace"],"params":{}}',
    "squashed": '{"options":["f","g","i","o","c"],"params":{}}',
    "half-life": '{"options":[],"params":{"f":0.92}}',
    "back": '{"options":["dh","next","dz","untransposed","dWhh"],"params":{}}',
    "roles": '{"options":["right-0","right-1","right-3","right-2"],"params":{}}',
}
GOLDEN_DRAWS: list[tuple[dict[str, Any], Any]] = [
    ({"int_": (1, 9)}, 7),
    ({"int_": (6, 14, 2)}, 14),
    ({"uniform": (-1.2, 1.2)}, 0.0),
    ({"choice": (0.5, 2.0, 3.0)}, 2),
    (
        {"uniform": (0.0, 1.0), "round_": 4, "matrix": (2, 3)},
        [[0.0509, 0.1382, 0.1909], [0.9593, 0.7712, 0.4053]],
    ),
]


def test_golden_values() -> None:
    stream = Stream("salt", "ada", 1)
    assert [stream.below(10) for _ in GOLDEN_NUMBERS] == GOLDEN_NUMBERS
    assert "".join(stream.shuffled("abcdef")) == "aecfbd"
    stream = Stream("golden")
    for how, value in GOLDEN_DRAWS:
        assert stream.draw(Draw(**how)) == value
    for name, record in GOLDEN_VARIANTS.items():
        assert make_variant(question(name).public(), "salt", "ada", "every-type", name, 1).record() == record


def test_draws_are_uniform() -> None:
    stream = Stream("uniform")
    for bound, count in ((2, 4000), (7, 7000), (10, 10_000)):
        found = Counter(stream.below(bound) for _ in range(count))
        expected = count / bound
        chi = sum((found[k] - expected) ** 2 / expected for k in range(bound))
        assert chi < bound + 4 * (2 * bound) ** 0.5
    orders = Counter(stream.shuffled("abc") for _ in range(6000))
    assert set(orders) == set(itertools.permutations("abc"))
    assert all(850 < count < 1150 for count in orders.values())
    ends = {stream.draw(Draw(int_=(6, 14, 4))) for _ in range(100)}
    assert ends == {6, 10, 14}
    tenths = {stream.draw(Draw(uniform=(0.1, 0.3), round_=1)) for _ in range(100)}
    assert tenths == {0.1, 0.2, 0.3}


def test_every_part_of_the_seed_matters() -> None:
    face = question("half-life").public()
    seeds = itertools.product(("salt", "other"), ("ada", "bob"), ("q1", "q2"), ("x",), (1, 2, 3))
    drawn = [make_variant(face, *seed).record() for seed in seeds]
    assert len(set(drawn)) > 6


def test_a_condition_holds_in_every_variant_or_is_said_to_be_too_strict() -> None:
    face = dataclasses.replace(question("half-life").public(), where="f > 0.94")
    assert all(evaluate("f > 0.94", make_variant(face, n).names) for n in range(50))
    for where in ("f > 2", "g > 2", "f >"):
        with pytest.raises(FormulaError, match="where"):
            make_variant(dataclasses.replace(face, where=where), 1)


@pytest.mark.parametrize("one", sample().file.questions, ids=lambda one: one.id)
def test_a_variant_is_recalled_from_its_record(one: Any) -> None:
    for attempt in (1, 2, 3):
        variant = variant_of(one, attempt)
        assert recalled(one.public(), variant.record()) == variant


@pytest.mark.parametrize(
    "record",
    ["", "{", "3", "null", "[]", "{}", '{"params":{},"options":["gone"]}', '{"params":{"x":1},"options":[]}'],
)
def test_a_record_of_another_question_is_not_recalled(record: str) -> None:
    assert recalled(question("bound").public(), record) is None


def test_records_are_plain_json_even_of_matrices() -> None:
    face = PublicQuestion("q", "numeric", "t", 1, "p", params={"W": Draw(uniform=(-1, 1), matrix=(2, 2))})
    variant = make_variant(face, 1)
    assert json.loads(variant.record())["params"]["W"] == variant.params["W"]


def test_picks_take_as_many_of_each_topic_in_the_order_of_the_quiz() -> None:
    picks = Picks({"shapes": 2, "gates": 1})
    quiz = dataclasses.replace(sample().public, draw=picks)
    topics = {face.id: face.topic for face in quiz.faces}
    seen: set[str] = set()
    for number in range(30):
        chosen = asked(quiz, "salt", "ada", number)
        assert Counter(topics[one] for one in chosen) == picks.per_topic
        assert chosen == tuple(one for one in topics if one in chosen)
        seen |= {*chosen}
    assert seen == {one for one, topic in topics.items() if topic in ("shapes", "gates")}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${n} and ${x}", "5 and 0.1"),
        ("${= n**2} and ${= x/3}", "25 and 0.03333"),
        ("$n$ and ${W}", "$n$ and [[1, -0.5], [0, 2]]"),
        ("${= 10.0**-7}", "1e-7"),
        ("$5 and ${ n }", "$5 and 5"),
    ],
)
def test_holes_are_filled(text: str, filled: str) -> None:
    assert fill(text, {"n": 5, "x": 0.1, "W": [[1.0, -0.5], [0.0, 2.0]]}) == filled


@pytest.mark.parametrize("text", ["${y}", "${= y}", "${= 1/0}", "${n + 1}"])
def test_holes_that_cannot_be_filled(text: str) -> None:
    with pytest.raises(FormulaError):
        fill(text, {"n": 5})


@settings(max_examples=200)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shown_numbers_are_numbers(value: float) -> None:
    assert float(format_value(value)) == pytest.approx(value, rel=1e-11)
    assert "e+" not in format_value(value)
