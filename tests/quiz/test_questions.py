"""Scoring: every formula against a second way of counting, and what guessing earns."""

from __future__ import annotations

import itertools
import os
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from grader.course import Raw
from grader.quiz.questions.choices import Choice, Match, Multiple, Order, Pair, Step
from grader.quiz.questions.typed import Output, Target, Text, distance, normal, same_output, same_words
from tests.quiz.helpers import runner

LONG = os.environ.get("GRADER_LONG") == "1"
BASICS: dict[str, Any] = {"topic": "t", "prompt": "p", "explain": "e", "source": "s"}


def score(one: Any, answer: Any) -> float:
    return one.mark({}, answer, runner).share


def subsets(items: list[str]) -> list[frozenset[str]]:
    return [frozenset(some) for size in range(len(items) + 1) for some in itertools.combinations(items, size)]


# --- multiple choice ---


def multiple(n: int, c: int) -> Multiple:
    choices = tuple(Choice(f"c{k}", "text", correct=k < c, feedback="") for k in range(n))
    return Multiple(id="q", type="multiple", choices=choices, **BASICS)


ALL_SIZES = [(n, c) for n in range(2, 7) for c in range(1, n)]


@pytest.mark.parametrize(("n", "c"), ALL_SIZES)
def test_balanced_pays_nothing_for_blank_and_for_ticking_everything(n: int, c: int) -> None:
    one = multiple(n, c)
    names = [choice.id for choice in one.choices]
    right = frozenset(names[:c])
    for chosen in subsets(names):
        t, w = len(chosen & right), len(chosen - right)
        expected = max(Fraction(0), Fraction(t, c) - Fraction(w, n - c))
        assert score(one, chosen) == pytest.approx(float(expected))
        assert (score(one, chosen) == 1) == (chosen == right)
    assert score(one, frozenset()) == 0
    assert score(one, frozenset(names)) == 0


# --- numbers ---


@pytest.mark.parametrize(
    ("target", "low", "high"),
    [
        (Target(Raw("2"), atol=0.5), 1.5, 2.5),
        (Target(Raw("-2"), rtol=0.1), -2.2, -1.8),
        (Target(Raw("1234"), digits=2), 1184, 1284),
        (Target(Raw("0.01234"), digits=3), 0.01229, 0.01239),
        (Target(Raw("0"), digits=3), -0.005, 0.005),
        (Target(Raw("7"), atol=0), 7, 7),
    ],
)
def test_intervals(target: Target, low: float, high: float) -> None:
    assert target.interval({}) == pytest.approx((low, high), rel=1e-9, abs=1e-15)


# --- orders ---


@st.composite
def orders(draw: st.DrawFn) -> tuple[Order, tuple[str, ...]]:
    count = draw(st.integers(3, 5))
    steps = [Step("s0", "t")]
    for k in range(1, count):
        earlier = [f"s{j}" for j in range(k)]
        after = tuple(draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)))
        steps.append(Step(f"s{k}", "t", after if k > 1 else ("s0",)))
    one = Order(id="q", type="order", steps=tuple(steps), **BASICS)
    pool = [*(step.id for step in steps), "foreign"]
    answer = draw(st.permutations(pool).flatmap(lambda p: st.integers(1, len(p)).map(lambda n: tuple(p[:n]))))
    return one, answer


def brute_force(one: Order, answer: tuple[str, ...]) -> int:
    """Return the longest common subsequence with any right order, each looked at."""
    best = 0
    for order in itertools.permutations(one.steps):
        place = {step.id: number for number, step in enumerate(order)}
        if all(place[before] < place[step.id] for step in order for before in step.after):
            best = max(best, common(answer, tuple(step.id for step in order)))
    return best


def common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    rows = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, j in itertools.product(range(len(a)), range(len(b))):
        rows[i + 1][j + 1] = rows[i][j] + 1 if a[i] == b[j] else max(rows[i][j + 1], rows[i + 1][j])
    return rows[-1][-1]


@settings(max_examples=300 if LONG else 60, deadline=None)
@given(orders())
def test_orders_against_all_right_orders(drawn: tuple[Order, tuple[str, ...]]) -> None:
    one, answer = drawn
    kept = brute_force(one, answer)
    assert one.longest_legal(answer) == kept
    changes = len(answer) + len(one.steps) - 2 * kept
    assert score(one, answer) == pytest.approx(max(0, (len(one.steps) - changes) / len(one.steps)))


def test_a_random_order_of_six_lines_earns_little() -> None:
    steps = (Step("s0", "t"), *(Step(f"s{k}", "t", (f"s{k - 1}",)) for k in range(1, 6)))
    one = Order(id="q", type="order", steps=steps, **BASICS)
    scores = [score(one, answer) for answer in itertools.permutations(step.id for step in steps)]
    assert sum(scores) / len(scores) == pytest.approx(0.108, abs=0.001)


# --- matches ---


@pytest.mark.parametrize(("pairs", "extra"), [(2, 0), (3, 0), (3, 1), (4, 0), (4, 2)])
def test_matching_by_chance_or_all_to_one_earns_about_nothing(pairs: int, extra: int) -> None:
    one = Match(
        id="q",
        type="match",
        pairs=tuple(Pair(f"l{k}", f"r{k}") for k in range(pairs)),
        extra=tuple(f"x{k}" for k in range(extra)),
        **BASICS,
    )
    lefts = [f"left-{k}" for k in range(pairs)]
    right = {left: f"right-{k}" for k, left in enumerate(lefts)}
    assert score(one, right) == 1
    assert score(one, {}) == 0
    n, m = pairs, pairs + extra
    for left in range(m):
        same = score(one, dict.fromkeys(lefts, f"right-{left}"))
        assert same == pytest.approx(max(0, (1 / n - 1 / m) / (1 - 1 / m)) if left < n else 0)
        if not extra:
            assert same == 0
    for some in subsets(lefts):
        got = score(one, {left: right[left] for left in some})
        assert got == pytest.approx(max(0, (len(some) / n - 1 / m) / (1 - 1 / m)))


# --- words and output ---


def test_words_are_compared_without_case_accents_articles_and_punctuation() -> None:
    assert normal("  The Forget-Gate! ") == "forget gate"
    assert normal("Élan (a) vital") == "elan vital"
    assert normal("ﬁrst²") == normal("first2")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("", "", 0), ("a", "", 1), ("forget", "froget", 1), ("forget", "forgett", 1), ("ca", "abc", 3)],
)
def test_distances(a: str, b: str, expected: int) -> None:
    assert distance(a, b) == distance(b, a) == expected


def recursive(a: str, b: str) -> int:
    """Return the optimal-string-alignment distance, straight from its definition."""
    if not a or not b:
        return len(a) + len(b)
    options = [recursive(a[1:], b) + 1, recursive(a, b[1:]) + 1, recursive(a[1:], b[1:]) + (a[0] != b[0])]
    if a[:2] == b[1::-1] and len(a) > 1 and len(b) > 1:
        options.append(recursive(a[2:], b[2:]) + 1)
    return min(options)


@settings(max_examples=300 if LONG else 60, deadline=None)
@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_distances_against_the_definition(a: str, b: str) -> None:
    assert distance(a, b) == recursive(a, b)


def test_slips_are_forgiven_in_long_words_only() -> None:
    assert same_words("vanishng gradient", "vanishing gradient", 1)
    assert not same_words("vanishng gradeint", "vanishing gradient", 1)
    assert same_words("vanishng gradeint", "vanishing gradient", 2)
    assert not same_words("tan", "tanh", 2)
    assert not same_words("vanishing", "vanishing gradient", 2)


def test_a_rejected_word_is_rejected_though_it_is_near() -> None:
    one = Text(id="q", type="text", accept=("input gate",), typos=2, reject=(), **BASICS)
    assert score(one, "inputt gate") == 0  # five letters: no slips
    assert score(one, "Input Gate") == 1


@pytest.mark.parametrize(
    ("answer", "wanted", "same"),
    [
        ("[1. 2.]", "[1.0, 2.0]", True),
        ("(4,4)", "(4, 4)", True),
        ("{'a': 1}", '{"a": 1}', True),
        ("1e-3", "0.001", True),
        ("12", "1 2", False),
        ("[1, 2]", "(1, 2)", False),
        ("true", "True", True),
        ("'\\d'", "x", False),
        ("nan", "nan", True),
        ("9" * 1900, "9", False),
    ],
)
def test_outputs(answer: str, wanted: str, same: bool) -> None:
    assert same_output(answer, wanted) is same
    assert score(Output(id="q", type="output", code="", answer=wanted, **BASICS), answer) == same  # type: ignore[arg-type]
