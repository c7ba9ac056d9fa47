"""Variants of a question: its parameters and the order of its options, drawn from a hash.

The draw is integer arithmetic on SHA-256 and nothing else, so it is the same on every machine, with every
version of Python and NumPy, for the student and for whoever grades.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from grader.quiz.face import Face, Option
from grader.quiz.formula import FormulaError, evaluate
from grader.quiz.schema import Draw

MAX_TRIES = 2000
HOLE = re.compile(r"\$\{(=?)([^{}$]+)\}")
T = TypeVar("T")


class NoVariant(ValueError):
    """No drawn parameters meet the condition of a question; the sentence says which."""


class Stream:
    """Whole numbers without end from one seed."""

    def __init__(self, *seed: str | int) -> None:
        self._seed = json.dumps(seed, ensure_ascii=False).encode()
        self._count = 0

    def below(self, bound: int) -> int:
        """Return a number from 0 to below the bound, each as likely as any other."""
        limit = 2**64 - 2**64 % bound
        while True:
            digest = hashlib.sha256(self._seed + self._count.to_bytes(8, "big")).digest()
            self._count += 1
            number = int.from_bytes(digest[:8], "big")
            if number < limit:
                return number % bound

    def shuffled(self, items: Iterable[T]) -> tuple[T, ...]:
        """Return the items in a drawn order."""
        rest = list(items)
        return tuple(rest.pop(self.below(len(rest))) for _ in range(len(rest)))

    def draw(self, how: Draw) -> Any:
        """Draw one parameter: a number, or a (nested) list of them."""
        if not how.matrix:
            return self._number(how)
        inner = Draw(how.int_, how.uniform, how.round_, how.choice, how.matrix[1:])
        return [self.draw(inner) for _ in range(how.matrix[0])]

    def _number(self, how: Draw) -> float:
        if how.choice:
            return _shortest(how.choice[self.below(len(how.choice))])
        if how.int_:
            first, last, *step = how.int_
            each = step[0] if step else 1
            return first + each * self.below((last - first) // each + 1)
        from fractions import Fraction

        scale = 10**how.round_
        low, high = (round(Fraction(str(bound)) * scale) for bound in how.uniform)
        return (low + self.below(high - low + 1)) / scale


def _shortest(number: float) -> float:
    return int(number) if float(number).is_integer() else number


@dataclass(frozen=True)
class Variant:
    """One question as one learner sees it at one attempt.

    Args:
        params: drawn values.
        options: the face's options in the order shown.
    """

    face: Face
    params: Mapping[str, Any]
    options: tuple[Option, ...]

    @property
    def prompt(self) -> str:
        """The prompt with its parameters filled in."""
        return fill(self.face.prompt, self.names)

    @property
    def names(self) -> Mapping[str, Any]:
        """What formulas may refer to: parameters and dimensions."""
        return {**self.face.dims, **self.params}

    def record(self) -> str:
        """Return canonical JSON of all that was drawn, for storing and comparing."""
        drawn = {"params": dict(self.params), "options": [one.id for one in self.options]}
        return json.dumps(drawn, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def make_variant(face: Face, *seed: str | int) -> Variant:
    """Draw a variant.

    Args:
        seed: the course's public salt, learner, quiz, question and attempt, in this order.

    Raises:
        NoVariant: the condition ``where`` holds for none of many draws, or cannot be evaluated.
    """
    stream = Stream(*seed)
    for _ in range(MAX_TRIES):
        params = {name: stream.draw(how) for name, how in face.params.items()}
        if _holds(face, params):
            return Variant(face, params, stream.shuffled(face.options))
    raise NoVariant(f"`where: {face.where}` holds for none of {MAX_TRIES} draws; loosen it or the parameters")


def recalled(face: Face, record: str) -> Variant | None:
    """Return the variant of which this is the record; None if the question has changed too much since.

    Args:
        record: what :meth:`Variant.record` returned when it was shown.
    """
    known = {one.id: one for one in face.options}
    try:
        drawn = json.loads(record)
        params, options = dict(drawn["params"]), tuple(known[one] for one in drawn["options"])
    except (ValueError, KeyError, TypeError):
        return None
    return Variant(face, params, options) if params.keys() == face.params.keys() else None


def _holds(face: Face, params: Mapping[str, Any]) -> bool:
    if not face.where:
        return True
    try:
        return bool(evaluate(face.where, {**face.dims, **params}))
    except FormulaError as error:
        raise NoVariant(f"`where`: {error}") from None


def pick(faces: Sequence[Face], per_topic: Mapping[str, int], *seed: str | int) -> tuple[Face, ...]:
    """Pick so many questions of each topic, in the order of the quiz.

    Args:
        seed: the course's public salt, learner, quiz and number of the sitting.
    """
    stream = Stream(*seed)
    chosen: set[str] = set()
    for topic, count in per_topic.items():
        chosen |= {one.id for one in stream.shuffled([one for one in faces if one.topic == topic])[:count]}
    return tuple(one for one in faces if one.id in chosen)


def fill(text: str, names: Mapping[str, Any]) -> str:
    """Put values in the place of ``${name}`` and ``${= formula}``; a formula's value has four figures.

    Raises:
        FormulaError: a name is not known, or a formula has no value.
    """

    def value(found: re.Match[str]) -> str:
        formula = found[2].strip()
        if not found[1]:
            if formula not in names:
                raise FormulaError(f"`${{{formula}}}` names no parameter")
            return shown(names[formula])
        return shown(evaluate(formula, names), 4)

    return HOLE.sub(value, text)


def shown(value: Any, figures: int = 12) -> str:
    """Write a value as a person would: no trailing zeros, matrices in brackets, row by row."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(one, figures) for one in value)}]"
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    text = f"{value:.{figures}g}"
    return text if "e" not in text else _power_of_ten(text)


def _power_of_ten(text: str) -> str:
    digits, _, exponent = text.partition("e")
    return f"{digits}e{int(exponent)}"
