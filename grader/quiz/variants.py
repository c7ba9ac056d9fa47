"""Variants of a question: its parameters and the order of its options, drawn from a hash.

The draw is integer arithmetic on SHA-256 and nothing else, so it is the same on every machine, with every
version of Python and NumPy, for the student and for whoever grades. It needs the public
form of a question only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Any, TypeVar

from grader.course import dataclass
from grader.quiz.formula import FormulaError, Names, Value, evaluate

MAX_TRIES = 2000
HOLE = re.compile(r"\$\{(=?)([^{}$]+)\}")
T = TypeVar("T")


def require(holds: bool, problem: str) -> None:
    """Raise ValueError unless what an author wrote holds; the loader adds the place."""
    if not holds:
        raise ValueError(problem)


def nothing() -> Mapping[str, Any]:
    """Return an empty mapping that stays so, as the default of a field."""
    return MappingProxyType({})


@dataclass(frozen=True)
class Draw:
    """How one parameter is drawn: exactly one of ``int``, ``uniform`` and ``choice``.

    Args:
        int_: first, last and, if wanted, the step of whole numbers.
        uniform: bounds of a decimal number.
        round_: its decimals.
        choice: numbers to choose from.
        matrix: rows and columns, where the parameter is a matrix of such numbers; one length for a vector.
    """

    int_: tuple[int, ...] = ()
    uniform: tuple[float, ...] = ()
    round_: int = 2
    choice: tuple[float, ...] = ()
    matrix: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        given = [bool(self.int_), bool(self.uniform), bool(self.choice)].count(True)
        require(given == 1, "a parameter needs exactly one of `int`, `uniform` and `choice`")
        require(len(self.int_) in (0, 2, 3), "`int` should be [first, last] or [first, last, step]")
        if self.int_:
            step = self.int_[2] if len(self.int_) == 3 else 1
            require(step > 0 and self.int_[0] < self.int_[1], "`int` should rise from first to last")
        if self.uniform:
            rises = len(self.uniform) == 2 and self.uniform[0] < self.uniform[1]
            require(rises, "`uniform` should be [low, high]")
        require(0 <= self.round_ <= 6, "`round` should be 0 to 6 decimals")
        small = len(self.matrix) <= 2 and all(1 <= size <= 6 for size in self.matrix)
        require(small, "`matrix` should be one or two sizes of 1 to 6")


@dataclass(frozen=True)
class Option:
    """Something to choose, to put in order or to match."""

    id: str
    text: str


@dataclass(frozen=True)
class PublicQuestion:
    """All that may be shown of a question before it is answered, and nothing of its key.

    A hand-out holds these only. Each field is named here, one by one: what is not named cannot leak.

    Args:
        options: choices; lines to order, with those that belong nowhere; right sides to match.
        lefts: left sides to match.
        code: what is to be read or mended.
        params: how parameters are drawn; ``where`` is a condition on them.
        dims: symbols of a shape and their values.
    """

    id: str
    type: str
    topic: str
    credits: int
    prompt: str
    options: tuple[Option, ...] = ()
    lefts: tuple[Option, ...] = ()
    code: str = ""
    params: Mapping[str, Draw] = field(default_factory=nothing)
    where: str = ""
    dims: Mapping[str, int] = field(default_factory=nothing)


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

    def draw(self, how: Draw) -> Value:
        """Draw one parameter: a number, or a (nested) list of them."""
        if how.matrix:
            inner = Draw(how.int_, how.uniform, how.round_, how.choice, how.matrix[1:])
            return [self.draw(inner) for _ in range(how.matrix[0])]
        if how.choice:
            number = how.choice[self.below(len(how.choice))]
            return int(number) if float(number).is_integer() else number
        if how.int_:
            first, last, step = (*how.int_, 1)[:3]
            return first + step * self.below((last - first) // step + 1)
        from fractions import Fraction  # slow to import, and few questions need it

        scale = 10**how.round_
        low, high = (round(Fraction(str(bound)) * scale) for bound in how.uniform)
        return (low + self.below(high - low + 1)) / scale


@dataclass(frozen=True)
class Variant:
    """One question as one learner sees it at one attempt.

    Args:
        public: the question.
        params: drawn values.
        options: the question's options in the order shown.
    """

    public: PublicQuestion
    params: Mapping[str, Value]
    options: tuple[Option, ...]

    @property
    def prompt(self) -> str:
        """The prompt with its parameters filled in."""
        return fill(self.public.prompt, self.names)

    @property
    def names(self) -> Names:
        """What formulas may refer to: parameters and dimensions."""
        return {**self.public.dims, **self.params}

    @property
    def numbers(self) -> dict[str, int]:
        """The number on the screen, from 1, of each option by its id."""
        return {option.id: number for number, option in enumerate(self.options, 1)}

    def record(self) -> str:
        """Return canonical JSON of all that was drawn, for storing and comparing."""
        drawn = {"params": dict(self.params), "options": [option.id for option in self.options]}
        return json.dumps(drawn, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def make_variant(public: PublicQuestion, *seed: str | int) -> Variant:
    """Draw a variant.

    Args:
        seed: the course's public salt, learner, quiz, question and attempt, in this order.

    Raises:
        NoVariant: the condition ``where`` holds for none of many draws, or cannot be evaluated.
    """
    stream, where = Stream(*seed), public.where
    for _ in range(MAX_TRIES):
        params = {name: stream.draw(how) for name, how in public.params.items()}
        try:
            holds = not where or bool(evaluate(where, {**public.dims, **params}))
        except FormulaError as error:
            raise NoVariant(f"`where`: {error}") from None
        if holds:
            return Variant(public, params, stream.shuffled(public.options))
    raise NoVariant(f"`where: {where}` holds for none of {MAX_TRIES} draws; loosen it or the parameters")


class NoVariant(ValueError):
    """No drawn parameters meet the condition of a question; the sentence says which."""


def recalled(public: PublicQuestion, record: str) -> Variant | None:
    """Return the variant of which this is the record; None if the question has changed too much since.

    Args:
        record: what :meth:`Variant.record` returned when it was shown.
    """
    known = {option.id: option for option in public.options}
    try:
        drawn = json.loads(record)
        params, options = dict(drawn["params"]), tuple(known[name] for name in drawn["options"])
    except (ValueError, KeyError, TypeError):
        return None
    return Variant(public, params, options) if params.keys() == public.params.keys() else None


def pick(
    questions: Sequence[PublicQuestion], per_topic: Mapping[str, int], *seed: str | int
) -> tuple[PublicQuestion, ...]:
    """Pick so many questions of each topic, in the order of the quiz.

    Args:
        seed: the course's public salt, learner, quiz and number of the sitting.
    """
    stream = Stream(*seed)
    chosen: set[str] = set()
    for topic, count in per_topic.items():
        there = [question.id for question in questions if question.topic == topic]
        chosen.update(stream.shuffled(there)[:count])
    return tuple(question for question in questions if question.id in chosen)


def fill(text: str, names: Names) -> str:
    """Put values in the place of ``${name}`` and ``${= formula}``; a formula's value has four figures.

    Raises:
        FormulaError: a name is not known, or a formula has no value.
    """

    def value(found: re.Match[str]) -> str:
        formula = found[2].strip()
        if found[1]:
            return format_value(evaluate(formula, names), 4)
        if formula not in names:
            raise FormulaError(f"`${{{formula}}}` names no parameter")
        return format_value(names[formula])

    return HOLE.sub(value, text)


def format_value(value: Value, figures: int = 12) -> str:
    """Write a value as a person would: no trailing zeros, matrices in brackets, row by row."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return f"[{', '.join(format_value(entry, figures) for entry in value)}]"
    if not isinstance(value, float):
        return str(value)
    digits, e, exponent = f"{value:.{figures}g}".partition("e")
    return f"{digits}e{int(exponent)}" if e else digits
