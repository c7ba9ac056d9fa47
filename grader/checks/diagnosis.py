"""Names a student's mistake: what does each known mistake answer to the very same questions?

A mistake is named if it answers every question that was asked of the function as the student did, the wrong
answers and the right ones, and if at least two of different arguments were wrong: silence is better than a
wrong name. What no known mistake explains may still be of a known kind: transposed, of the wrong sign, late.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.mistakes import Suspect, Suspects
from grader.checks.patterns import Pair, remark
from grader.checks.student import Call
from grader.course import Misconception
from grader.numeric import Array
from grader.sandbox.values import Opaque, fields_of, ordered, type_name, walk_arrays
from grader.sandbox.worker import Answer

RTOL = 1e-9  # two ways to write one mistake differ by rounding
ENOUGH = 8  # wrong answers, and right ones, that are looked at
INDEPENDENT = 2
SLOW_SECONDS = 0.01  # a question that takes the solution longer is asked only for want of others
SLOWER = 10  # times the solution's time, and a mistake is asked a few questions only, within a time
FEW, SUSPECT_SECONDS = 2 * INDEPENDENT, 0.1
PAIR_SECONDS = 0.05
NAMED = 3  # mistakes that are told, where several explain the same


@dataclass(frozen=True)
class Diagnosis:
    """What a function's answers look like.

    Args:
        mistakes: each of these explains all of them; a pair stands for two mistakes at once.
        remark: what can be said of the numbers, where there is no such mistake.
    """

    mistakes: tuple[tuple[Misconception, ...], ...] = ()
    remark: str = ""

    @property
    def sentence(self) -> str:
        """What the student reads; empty if nothing was recognised."""
        texts = [" And: ".join(one.says.strip() for one in both) for both in self.mistakes]
        if len(texts) < 2:
            return texts[0] if texts else self.remark
        texts = list(dict.fromkeys(texts))
        more = f"\n… or one of {len(texts) - NAMED} others" if len(texts) > NAMED else ""
        if len(texts) == 1:
            return texts[0]
        count = "two" if len(texts) == 2 else "these"
        return f"One of {count}:" + "".join(f"\n- {text}" for text in texts[:NAMED]) + more


@dataclass(frozen=True)
class Question:
    """A call, and what the solution says to it."""

    call: Call
    right: Answer
    seconds: float

    @property
    def wrong(self) -> bool:
        """Whether the student's answer is another one."""
        return not agrees(self.call.answer, self.right)


def diagnose(function: str, calls: Iterable[Call], suspects: Suspects) -> Diagnosis | None:
    """Look for the mistake that explains how a function answered.

    Args:
        calls: all that the checks asked of it, on any inputs.

    Returns:
        What was found, perhaps nothing; None if there are too few wrong answers to say anything.
    """
    calls = list(calls)
    questions = list(_questions(function, calls, suspects.innocent))
    wrong = _quickest([one for one in questions if one.wrong])
    right = _quickest([one for one in questions if not one.wrong])
    if len(wrong) < INDEPENDENT:
        return None
    reach = {
        one
        for one in suspects.used_by(function)
        if one == function or not _blameless(list(_questions(one, calls, suspects.innocent)))
    }
    likely = [one for one in suspects.singles if about(one, reach)]
    guilty = _explaining(likely, wrong, right) or _pairs(suspects, likely, wrong, right)
    if guilty:
        return Diagnosis(tuple(one.mistakes for one in guilty))
    named = suspects.innocent.reference, function
    return Diagnosis(remark=_broadcast(wrong[0], named) or remark(_numbers(wrong, named)))


def _questions(function: str, calls: Iterable[Call], innocent: Suspect) -> Iterator[Question]:
    """Ask the solution what the student was asked; the same question counts once."""
    seen = set[bytes]()
    for call in calls:
        answer = call.answer
        key = (
            b"".join(array.tobytes() for _, array in walk_arrays(call.arguments))
            or repr(call.arguments).encode()
        )
        if call.function == function and key not in seen and not (answer.not_written or answer.missing):
            seen.add(key)
            started = time.perf_counter()
            right = innocent.answer(function, call.arguments)
            yield Question(call, right, time.perf_counter() - started)


def _blameless(questions: list[Question]) -> bool:
    """Whether a function that another one calls has shown itself to be right."""
    return len(questions) >= INDEPENDENT and not any(one.wrong for one in questions)


def _quickest(questions: list[Question]) -> list[Question]:
    ordered = sorted(questions, key=lambda one: one.seconds)
    quick = [one for one in ordered if one.seconds < SLOW_SECONDS]
    return (quick if len(quick) >= INDEPENDENT else ordered[:INDEPENDENT])[:ENOUGH]


def about(suspect: Suspect, functions: set[str]) -> bool:
    """Whether a mistake is made in one of these functions, or outside all functions."""
    place = suspect.solution.index(suspect.mistakes[0].replace)
    above = [line for line in suspect.solution[:place].splitlines() if line.startswith(("def ", "class "))]
    last = above[-1] if above else ""
    first = suspect.mistakes[0].replace.lstrip("\n")
    last = first.splitlines()[0] if first.startswith("def ") else last
    return not last.startswith("def ") or last[4:].partition("(")[0] in functions


def _explaining(
    suspects: Iterable[Suspect], wrong: Sequence[Question], right: Sequence[Question]
) -> list[Suspect]:
    """Return those that answer all as the student did; if any also change the same, only them."""
    loose, exact = [], []
    first = sorted((*wrong[:INDEPENDENT], *right[:INDEPENDENT]), key=lambda one: one.seconds)
    questions = [*first, *wrong[INDEPENDENT:], *right[INDEPENDENT:]]
    for suspect in suspects:
        answers = _answers_alike(suspect, questions)
        if answers is not None:
            loose.append(suspect)
            same = all(
                set(one.changed) == set(question.call.answer.changed)
                for one, question in zip(answers, questions, strict=False)
            )
            exact += [suspect] * same
    differs = any(not agrees(one.call.answer, one.right, changes=False) for one in wrong)
    return exact or (loose if differs else [])


def _answers_alike(suspect: Suspect, questions: Sequence[Question]) -> list[Answer] | None:
    """Return a suspect's answers if all are the student's, up to what they change; else None.

    One that is far slower than the solution, such as a gradient by differences, is asked the first few only,
    and none that would take it long.
    """
    answers = list[Answer]()
    slowness, spent = float("inf"), 0.0
    for question in questions:
        if SLOWER < slowness < float("inf") and slowness * question.seconds + spent > SUSPECT_SECONDS:
            return answers if len(answers) >= FEW else None
        started = time.perf_counter()
        answer = suspect.answer(question.call.function, question.call.arguments)
        seconds = time.perf_counter() - started
        if not agrees(question.call.answer, answer, changes=False):
            return None
        answers.append(answer)
        slowness, spent = min(slowness, seconds / max(question.seconds, 1e-6)), spent + seconds
    return answers


def _pairs(
    suspects: Suspects, likely: list[Suspect], wrong: Sequence[Question], right: Sequence[Question]
) -> list[Suspect]:
    """Return the first pair of mistakes that explains all, as far as there is time to look."""
    deadline = time.perf_counter() + PAIR_SECONDS
    first = wrong[0]
    partly = [one for one in likely if _explains_a_part(one, first)]
    rest = [one for one in likely if one not in partly]
    for one, other in itertools.chain(itertools.combinations(partly, 2), itertools.product(partly, rest)):
        if time.perf_counter() > deadline:
            return []
        both = suspects.pair(one, other)
        if both and _explaining([both], wrong, right):
            return [both]
    return []


def _explains_a_part(suspect: Suspect, question: Question) -> bool:
    """Whether one of the arrays that are wrong is wrong as this mistake makes it."""
    answer = suspect.answer(question.call.function, question.call.arguments)
    mine, right, theirs = (dict(_leaves(one.value)) for one in (question.call.answer, question.right, answer))
    positions = zip(mine.values(), right.values(), theirs.values(), strict=False)
    return any(alike(m, t) and not alike(m, r) for m, r, t in positions)


# --- are two answers the same? ------------------------------------------------------------------------


def agrees(answer: Answer, other: Answer, *, changes: bool = True) -> bool:
    """Whether two answers are the same up to rounding.

    Args:
        changes: whether what a call changed counts.
    """
    if changes and set(answer.changed) != set(other.changed):
        return False
    if answer.raised or other.raised:
        kinds = [(one.raised.type_name, one.raised.text) if one.raised else None for one in (answer, other)]
        return kinds[0] == kinds[1]
    return not answer.unsendable and alike(answer.value, other.value)


def alike(one: Any, other: Any) -> bool:
    """Whether two values are of one form and equal up to rounding."""
    if _number(one) and _number(other):
        return _alike_arrays(np.asarray(one), np.asarray(other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        arrays = isinstance(one, np.ndarray) and isinstance(other, np.ndarray)
        return arrays and _alike_arrays(one, other)
    if isinstance(one, tuple | list) or isinstance(other, tuple | list):
        if not isinstance(other, tuple | list) or not isinstance(one, tuple | list):
            return False
        fields = fields_of(other) if isinstance(other, tuple) else None
        one = ordered(one, fields) if fields and isinstance(one, tuple) else one
        same_kind = isinstance(one, list) == isinstance(other, list) and len(one) == len(other)
        return same_kind and all(map(alike, one, other))
    if isinstance(one, Opaque) or isinstance(other, Opaque):
        return type_name(one) == type_name(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(alike(one[key], other[key]) for key in one)
    plain = isinstance(one, bool | str | None)
    return type(one) is type(other) and plain and bool(one == other)


def _number(value: Any) -> bool:
    """A NumPy number comes out of a worker as an array without axes."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, int | float | np.generic) and not isinstance(value, bool)


def _alike_arrays(one: Array, other: Array) -> bool:
    if one.shape != other.shape or one.dtype.kind != other.dtype.kind:
        return False
    if one.dtype.kind not in "iufc":
        return bool((one == other).all())
    with np.errstate(all="ignore"):
        finite = np.where(np.isfinite(other), np.abs(other), 0)
        scale = float(finite.max(initial=0))
        return np.allclose(one, other, rtol=RTOL, atol=RTOL * scale, equal_nan=True)


# --- what can be said of shapes and numbers alone ------------------------------------------------------


def _broadcast(question: Question, named: tuple[Any, str]) -> str:
    """Name the line where a wrong shape came of two others; empty if it did not."""
    mine, right = (named_results(one.value, *named) for one in (question.call.answer, question.right))
    odd = {array.shape: f"`{name}`" for name, array in mine.items() if _other_shape(array, right.get(name))}
    raised = question.call.answer.raised
    for quoted in re.findall(r"\((\d[\d, ]*)\)", raised.text if raised else ""):
        odd[tuple(int(size) for size in quoted.split(",") if size.strip())] = "what does not fit"
    for one in question.call.broadcasts() if odd else ():
        if one.made in odd:
            shapes = " and ".join(map(str, one.given))
            return (
                f"the shape of {odd[one.made]} is made in line {one.line} of your file, where {shapes} "
                f"broadcast into {one.made}:\n  {one.source}\nWhich of them has another shape than you think?"
            )
    return ""


def _other_shape(one: Array, other: Array | None) -> bool:
    return other is not None and one.shape != other.shape


def _numbers(questions: Sequence[Question], named: tuple[Any, str]) -> list[list[Pair]]:
    """Return, for each question, the student's and the right array of every result that has one."""
    return [_paired(one, named) for one in questions if not one.call.answer.raised]


def _paired(question: Question, named: tuple[Any, str]) -> list[Pair]:
    mine, right = (named_results(one.value, *named) for one in (question.call.answer, question.right))
    given = [array.shape for _, array in walk_arrays(question.call.arguments)]
    batch = frozenset(shape[-1] for shape in given[:1] if len(shape) > 1)
    times = frozenset(shape[0] for shape in given if len(shape) > 2)
    return [
        Pair(name, mine[name], right[name], batch, times)
        for name in right
        if name in mine and mine[name].dtype.kind in "iuf"
    ]


def named_results(value: Any, reference: Any, function: str) -> dict[str, Array]:
    """Return every array or number that a function returned, by its name such as ``dparams.Wxh``.

    Args:
        value: what it returned.
        reference: the solution's module, whose docstring has the names.
    """
    names = _result_names(reference, function)
    return {_label(path, names): array for path, array in _leaves(value)}


def _leaves(value: Any) -> Iterator[tuple[tuple[str, ...], Array]]:
    value = np.asarray(float(value)) if _number(value) else value
    if isinstance(value, tuple | list):
        fields = getattr(value, "_fields", None) or getattr(value, "fields", None)
        for index, item in enumerate(value):
            name = fields[index] if fields else str(index)
            yield from ((((name, *path)), array) for path, array in _leaves(item))
    elif isinstance(value, np.ndarray):
        yield (), value


def _label(path: tuple[str, ...], names: list[str]) -> str:
    """Name a result as the docstring does: ``dparams.Wxh``."""
    if not path:
        return names[0] if names else "the result"
    first = names[int(path[0])] if path[0].isdecimal() and int(path[0]) < len(names) else path[0]
    return ".".join((first, *path[1:]))


def _result_names(module: Any, function: str) -> list[str]:
    """Return the names under ``Returns:`` in a function's docstring."""
    text = (getattr(module, function).__doc__ or "").partition("Returns:\n")[2]
    lines = itertools.takewhile(
        lambda line: line.startswith("        ") or not line.strip(), text.split("\n")
    )
    heads = (line.strip().partition(":")[0] for line in lines if line.startswith("        "))
    return [head for head in heads if head.isidentifier()]
