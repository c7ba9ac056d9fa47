"""What an answer is worth, with the arithmetic that says so."""

from __future__ import annotations

import ast
import functools
import itertools
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.quiz.answers import Answer, FixedLine, Unreadable, size_of
from grader.quiz.face import left_id, right_id
from grader.quiz.formula import evaluate
from grader.quiz.schema import (
    AnyQuestion,
    Attempts,
    Fix,
    Match,
    Multiple,
    Numeric,
    Order,
    Output,
    Shape,
    Single,
    Target,
    Text,
    WrongNumber,
)
from grader.quiz.variants import fill, shown

RIGHT_LINE = 0.3  # of a fix: the line is found, what is written there does not pass
LETTERS_FOR_TYPOS = 6
ARTICLES = {"a", "an", "the"}
PRIMES = (
    (10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079, 10091, 10093),
    (20011, 20021, 20023, 20029, 20047, 20051, 20063, 20071, 20089, 20101),
)
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)

UNREAD = object()

RunFix = Callable[[Fix, str], bool]
"""Runs a mended program against the tests of its question: whether it passes."""


@dataclass(frozen=True)
class Mark:
    """What one answer is worth.

    Args:
        score: share of the credits, 0 to 1.
        arithmetic: how the score came about.
        feedback: what the author says to this answer.
        accepted: what would have been accepted, where that is an interval.
    """

    score: float
    arithmetic: str
    feedback: tuple[str, ...] = ()
    accepted: str = ""

    @property
    def right(self) -> bool:
        """Whether it is right entirely."""
        return self.score >= 1.0


def mark(question: AnyQuestion, names: Mapping[str, Any], answer: Answer, run_fix: RunFix) -> Mark:
    """Mark an answer.

    Args:
        names: the variant's parameters and dimensions.
        answer: as :func:`grader.quiz.answers.parse` returned it, with the ids of the key.
        run_fix: runs mended code.
    """
    match question:
        case Single():
            return _single(question, answer)
        case Multiple():
            return _multiple(question, answer)
        case Numeric():
            return _numeric(question, names, answer)
        case Shape():
            return _shape(question, names, answer)
        case Order():
            return _order(question, answer)
        case Match():
            return _match(question, answer)
        case Text():
            return _text(question, answer)
        case Output():
            return _output(question, answer)
        case Fix():
            return _fix(question, answer, run_fix)


def _verdict(right: bool) -> str:
    return "right" if right else "not right"


def _partly(credit: float, feedback: str) -> Mark:
    return Mark(
        credit, f"partly right: {credit:g}" if credit else "not right", (feedback,) if feedback else ()
    )


# --- choices ------------------------------------------------------------------------------------------


def _single(question: Single, answer: str) -> Mark:
    choice = next(one for one in question.choices if one.id == answer)
    if choice.correct:
        return Mark(1.0, "right", (choice.feedback,) if choice.feedback else ())
    return _partly(choice.credit, choice.feedback)


def _multiple(question: Multiple, answer: frozenset[str]) -> Mark:
    right = {one.id for one in question.choices if one.correct}
    n, c = len(question.choices), len(right)
    t, w = len(answer & right), len(answer - right)
    ticked = f"{t} of {c} right, {w} of {n - c} wrong ones ticked"
    feedback = [
        one.feedback for one in question.choices if one.feedback and one.correct != (one.id in answer)
    ]
    score, formula = {
        "balanced": (max(0.0, t / c - w / (n - c)), f"{t}/{c} - {w}/{n - c}"),
        "net": (max(0.0, (t - w) / c), f"({t} - {w})/{c}"),
        "coverage": (t / c * t / max(len(answer), 1), f"{t}/{c} · {t}/{max(len(answer), 1)}"),
        "all": (float(answer == right), "all or nothing"),
    }[question.scoring]
    return Mark(score, f"{ticked}: {formula} = {score:.2f}", tuple(feedback))


# --- numbers and shapes -------------------------------------------------------------------------------


def _numeric(question: Numeric, names: Mapping[str, Any], answer: float) -> Mark:
    low, high = interval(question.answer, names)
    accepted = f"accepted is {shown(low, 6)} to {shown(high, 6)}"
    if low <= answer <= high:
        return Mark(1.0, "right", accepted=accepted)
    for wrong in question.mistakes:
        low, high = interval(wrong_target(question, wrong), names)
        if low <= answer <= high:
            marked = _partly(wrong.credit, fill(wrong.feedback, names))
            return Mark(marked.score, marked.arithmetic, marked.feedback, accepted)
    return Mark(0.0, "not right", accepted=accepted)


def wrong_target(question: Numeric, wrong: WrongNumber) -> Target:
    """Return the target of a mistake: it is met within the tolerance of the answer, unless it has its own."""
    own = question.answer if wrong.atol is None and wrong.rtol is None else wrong
    return Target(wrong.value, own.atol, own.rtol, getattr(own, "digits", None))


def interval(target: Target, names: Mapping[str, Any]) -> tuple[float, float]:
    """Return the smallest and the largest number that counts as the target.

    Raises:
        FormulaError: the target has no value.
    """
    value = float(evaluate(target.value, names))
    if target.digits is not None:
        exponent = math.floor(math.log10(abs(value))) if value else 0
        margin = 0.5 * 10.0 ** (exponent - target.digits + 1)
    else:
        margin = target.atol if target.atol is not None else (target.rtol or 0.0) * abs(value)
    margin += 1e-12 * abs(value)  # a number typed in decimals is not the same number in binary
    return value - margin, value + margin


def _shape(question: Shape, names: Mapping[str, Any], answer: tuple[str, ...]) -> Mark:
    if same_shape(answer, question.answer, names):
        return Mark(1.0, "right")
    for wrong in question.mistakes:
        if same_shape(answer, wrong.value, names):
            return _partly(wrong.credit, fill(wrong.feedback, names))
    if len(answer) != len(question.answer):
        axes = "1 axis" if len(answer) == 1 else f"{len(answer)} axes"
        return Mark(0.0, "not right", (f"Your shape has {axes}; count them again.",))
    return Mark(0.0, "not right")


def same_shape(answer: Iterable[str], wanted: Iterable[str], names: Mapping[str, Any]) -> bool:
    """Whether two shapes agree: in numbers where numbers were given, as formulas where symbols were."""
    entries, rights = list(answer), list(wanted)
    return len(entries) == len(rights) and all(
        _same_size(one, right, names) for one, right in zip(entries, rights, strict=True)
    )


def _same_size(entry: str, right: str, names: Mapping[str, Any]) -> bool:
    worlds = [names]
    if re.search(r"[A-Za-z]", entry):  # a formula should hold for other sizes, too
        worlds += [dict(zip(names, primes, strict=False)) for primes in PRIMES]
    try:
        return all(size_of(entry, world) == size_of(right, world) for world in worlds)
    except Unreadable:
        return False


# --- ordering and matching ----------------------------------------------------------------------------


def _order(question: Order, answer: tuple[str, ...]) -> Mark:
    feedback = tuple(one.feedback for one in question.distractors if one.id in answer)
    count = len(question.steps)
    kept = longest_legal(question, answer)
    changes = (len(answer) - kept) + (count - kept)
    if question.scoring == "exact":
        return Mark(float(changes == 0), _verdict(changes == 0), feedback)
    score = max(0.0, (count - changes) / count)
    moves = f"{len(answer) - kept} to take out, {count - kept} to put in"
    return Mark(score, f"{moves}: ({count} - {changes})/{count} = {score:.2f}", feedback)


def longest_legal(question: Order, answer: tuple[str, ...]) -> int:
    """Return how many lines of an answer can stay as they stand in some right order."""
    before = _predecessors(question)
    own = [one for one in answer if one in before]
    for size in range(len(own), 0, -1):
        for some in itertools.combinations(own, size):
            if not any(late in before[early] for early, late in itertools.combinations(some, 2)):
                return size
    return 0


def _predecessors(question: Order) -> dict[str, set[str]]:
    """Return for every step all steps that come before it, near or far."""
    before: dict[str, set[str]] = {}
    for step in question.steps:
        before[step.id] = set(step.after).union(*(before[one] for one in step.after))
    return before


def _match(question: Match, answer: Mapping[str, str]) -> Mark:
    pairs = {left_id(number): right_id(number) for number in range(len(question.pairs))}
    right = sum(answer.get(left) == one for left, one in pairs.items())
    n, m = len(pairs), len(question.pairs) + len(question.extra)
    score = max(0.0, (right / n - 1 / m) / (1 - 1 / m))
    text = f"{right} of {n} pairs right, chance would give 1/{m}"
    texts = {right_id(k): one for k, one in enumerate([*(p.right for p in question.pairs), *question.extra])}
    lefts = {left_id(k): pair.left for k, pair in enumerate(question.pairs)}
    chosen = {(lefts[left], texts[one]) for left, one in answer.items()}
    feedback = tuple(one.feedback for one in question.mistakes if (one.left, one.right) in chosen)
    return Mark(score, f"{text}: ({right}/{n} - 1/{m})/(1 - 1/{m}) = {score:.2f}", feedback)


# --- words, output, code ------------------------------------------------------------------------------


def _text(question: Text, answer: str) -> Mark:
    for wrong in question.reject:
        if normal(answer) == normal(wrong.match):
            return _partly(wrong.credit, wrong.feedback)
    if any(same_words(answer, right, question.typos) for right in question.accept):
        return Mark(1.0, "right")
    return Mark(0.0, "not right")


@functools.lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Return a text without case, accents, punctuation, articles and odd spaces."""
    split = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one if one.isalnum() else " " for one in split if not unicodedata.combining(one))
    return " ".join(word for word in plain.split() if word not in ARTICLES)


def same_words(answer: str, right: str, typos: int) -> bool:
    """Whether two texts agree word by word, with so many slips in the long words at the most."""
    given, wanted = normal(answer).split(), normal(right).split()
    if len(given) != len(wanted):
        return False
    slips = 0
    for one, other in zip(given, wanted, strict=True):
        if one != other:
            allowed = typos if len(other) >= LETTERS_FOR_TYPOS and abs(len(one) - len(other)) <= typos else 0
            slips += distance(one, other) if allowed else typos + 1
    return slips <= typos


def distance(a: str, b: str) -> int:
    """Return the optimal-string-alignment distance: letters left out, put in, changed, or two swapped."""
    rows = [list(range(len(b) + 1))]
    for i, one in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (one != other))
            if i > 1 and j > 1 and one == b[j - 2] and a[i - 2] == other:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def _output(question: Output, answer: str) -> Mark:
    if same_output(answer, question.answer):
        return Mark(1.0, "right")
    for wrong in question.mistakes:
        if same_output(answer, wrong.value):
            return _partly(wrong.credit, wrong.feedback)
    return Mark(0.0, "not right")


def same_output(answer: str, wanted: str) -> bool:
    """Whether two printed texts are the same value, or the same numbers in the same frame."""
    values = [_literal(text) for text in (answer, wanted)]
    if type(values[0]) is type(values[1]) and values[0] is not UNREAD and values[0] == values[1]:
        return True
    frames = [re.sub(r"[\s,]+", "", NUMBER.sub("#", text)).casefold() for text in (answer, wanted)]
    numbers = [[float(one) for one in NUMBER.findall(text)] for text in (answer, wanted)]
    return frames[0] == frames[1] and numbers[0] == numbers[1]


def _literal(text: str) -> object:
    """Return the Python value that a text spells; ``UNREAD`` if it spells none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python would spell some escapes otherwise
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return UNREAD


def _fix(question: Fix, answer: FixedLine, run_fix: RunFix) -> Mark:
    if run_fix(question, mended(question, answer)):
        return Mark(1.0, "it passes the tests")
    if answer.line == question.line:
        return Mark(RIGHT_LINE, f"the right line, but it does not pass the tests yet: {RIGHT_LINE:g}")
    feedback = tuple(one.feedback for one in question.mistakes if one.line == answer.line)
    return Mark(0.0, "it does not pass the tests", feedback)


def mended(question: Fix, answer: FixedLine) -> str:
    """Return the code with one line put in the place of another."""
    lines = question.code.splitlines()
    lines[answer.line - 1] = answer.text
    return "\n".join(lines) + "\n"


# --- credits ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Earning:
    """What a marked answer adds to the credits of its question.

    Args:
        credits: to add.
        arithmetic: how they came about.
    """

    credits: float
    arithmetic: str


def earning(
    marked: Mark, question: AnyQuestion, attempts: Attempts, attempt: int, best: float, hint_cost: float
) -> Earning:
    """Return what an attempt earns: ``max(0, score - best) * credits * max(0, weight - hint cost)``.

    Args:
        attempt: 1 for the first.
        best: best score of the attempts before.
        hint_cost: sum of the hints taken, as a share of the credits.
    """
    weight = attempts.weight(question, attempt)
    value = question.credits * max(0.0, weight - hint_cost)
    gain = max(0.0, marked.score - best)
    terms = [f"{marked.score:.2f}" if not best else f"({marked.score:.2f} - {best:.2f})"]
    if gain == 0 and best:
        terms = ["0 (no better than before)"]
    terms.append(f"{question.credits} credit{'s' if question.credits != 1 else ''}")
    if weight != 1 or hint_cost:
        price = f" - {hint_cost:g} for hints" if hint_cost else ""
        terms.append(
            f"({weight:g} for attempt {attempt}{price})" if price else f"{weight:g} (attempt {attempt})"
        )
    total = round(gain * value, 2)
    return Earning(total, f"{' · '.join(terms)} = {total:.2f}")
