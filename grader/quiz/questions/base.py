"""What every question has, whatever its type.

Prompts and feedback are Markdown with mathematics between dollar signs; ``${n}`` stands for a drawn parameter
and, in what is shown after an answer, ``${= n**2}`` for the value of a formula.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any, ClassVar, Protocol

from grader.course import NOWHERE, Place, dataclass
from grader.quiz.formula import Names
from grader.quiz.variants import Option, PublicQuestion, Variant, fill, require

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_LENGTH = 2000  # characters of an answer
SHOWN = "id type topic credits prompt code params where dims".split()
"""Fields of a question that learners see before they answer, where it has them; all others are its key."""
# Patterns are compiled when they are first used: none is needed to ask a question.
RAISED = "[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+"
DASHES = {**dict.fromkeys(map(ord, "‐‑‒–—−"), "-"), ord("⁄"): "/", ord("٫"): ","}

Answer = Any
"""An id; a frozenset, a tuple or a dict of ids; a float; expressions; words; a line's number and text."""

Problem = tuple[str, Place]
"""A fault that an author should mend: a sentence about the question, and where it stands."""


class Unreadable(ValueError):
    """What was typed is no answer to this kind of question; the sentence says what would be."""


class Runner(Protocol):
    """Runs the code of questions, confined."""

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Whether code returns, in every test, what the solution returns."""

    def printed(self, code: str) -> str | None:
        """Return what a program prints; None if it does not come to its end."""


@dataclass(frozen=True)
class Marked:
    """What one answer is worth.

    Args:
        share: of the credits, 0 to 1.
        arithmetic: how the share came about.
        feedback: what the author says to this answer.
        accepted: what would have been accepted, where that is an interval.
    """

    share: float
    arithmetic: str
    feedback: tuple[str, ...] = ()
    accepted: str = ""

    @property
    def right(self) -> bool:
        """Whether it is right entirely."""
        return self.share >= 1.0


def partly(credit: float, feedback: str, accepted: str = "") -> Marked:
    """Mark a known wrong answer, which may earn part of the credits."""
    arithmetic = f"partly right: {credit:g}" if credit else "not right"
    return Marked(credit, arithmetic, (feedback,) if feedback else (), accepted)


def require_share(value: float, name: str) -> None:
    """Raise ValueError unless this is between 0 and 1."""
    require(0 <= value <= 1, f"`{name}` should be a share between 0 and 1, but is {value:g}")


def require_unique(names: list[str], what: str) -> None:
    """Raise ValueError if a name stands twice."""
    for name in names:
        require(names.count(name) == 1, f"the {what} `{name}` stands {names.count(name)} times")


@dataclass(frozen=True)
class Hint:
    """One hint; its cost is a share of the question's credits."""

    text: str
    cost: float = 0.0

    def __post_init__(self) -> None:
        require_share(self.cost, "cost")


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A known wrong answer, and what is said to whoever gives it."""

    feedback: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, kw_only=True)
class PartlyRight(Mistake):
    """A known wrong answer that may earn part of the credits."""

    credit: float = 0.0

    def __post_init__(self) -> None:
        require_share(self.credit, "credit")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question with its key. A new type is a subclass, and a line in :mod:`grader.quiz.registry`.

    Args:
        id: stable within its quiz; never reused.
        topic: groups questions for `--topic`, for drawing and for the statement of credits.
        prompt: Markdown.
        explain: shown after the last attempt; teaches why.
        source: of the explanation: paper, book section, or the part of the course.
        credits: for a right answer at the first attempt without hints.
    """

    id: str
    type: str
    topic: str
    prompt: str
    explain: str
    source: str
    credits: int = 1
    hints: tuple[Hint, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)

    kinds: ClassVar[Kinds] = {}  # every type by its name; the registry fills it
    RETIRED: ClassVar[Mapping[str, str]] = {  # what may not be said any more, and what takes its place
        "scoring": "`scoring` is gone: there is one rule for each type (docs/author.md); delete it",
        "tags": "`tags` is gone, since nothing read it; `topic` groups questions",
    }
    is_choice = False  # few possible answers: later attempts are worth less
    asks = ""  # what can be typed, in a line on the screen
    in_words = False  # an answer is words or code, not numbers and signs
    shows_line_numbers = False  # its code has them

    def __post_init__(self) -> None:
        require(bool(ID.fullmatch(self.id)), f"`id` should be words-with-hyphens, but is `{self.id}`")
        require(bool(ID.fullmatch(self.topic)), f"`topic` should be words-with-hyphens, not `{self.topic}`")
        require(1 <= self.credits <= 10, "`credits` should be 1 to 10")
        for name in ("prompt", "explain", "source"):
            require(bool(getattr(self, name).strip()), f"`{name}` is empty; write it")

    # -- what is shown --

    def public(self, rename: Callable[[str], str] = str) -> PublicQuestion:
        """Return what may be shown before the answer: the fields named in ``SHOWN``, and what is offered.

        Args:
            rename: gives the ids of options; a hand-out's say nothing, and options are sorted by them there,
                since authors write the right one first.
        """
        options, lefts = (
            tuple(Option(rename(name), text) for name, text in texts.items()) for texts in self.offered()
        )
        if rename is not str:
            options = tuple(sorted(options, key=lambda option: option.id))
        shown = {name: getattr(self, name) for name in SHOWN if hasattr(self, name)}
        return PublicQuestion(**shown, options=options, lefts=lefts)

    def offered(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return texts by the key's own ids: what is chosen from or put in order, and left sides to match."""
        return {}, {}

    def cues(self) -> tuple[str, ...]:
        """Return answers that another question should not print."""
        return ()

    # -- what is answered --

    @classmethod
    def parse(cls, variant: Variant, text: str) -> Answer:
        """Return the answer that a text stands for: forgiving about form, silent about right and wrong.

        Args:
            text: as typed; options are named by their numbers on the screen.

        Raises:
            Unreadable: it stands for none.
        """
        if cls.in_words:
            plain = unicodedata.normalize("NFKC", text).translate(DASHES).strip()
        else:
            plain = plain_signs(text)
        if max(len(text), len(plain)) > MAX_LENGTH:
            raise Unreadable(f"that is {len(text)} characters; an answer takes a line")
        if any(unicodedata.category(sign) in ("Cc", "Cs") and sign != "\t" for sign in text.strip()):
            raise Unreadable("that holds characters nobody can see; type it anew")
        if not plain:
            raise Unreadable("type an answer, or `s` to skip the question")
        return cls.read(variant, plain)

    @classmethod
    def read(cls, variant: Variant, text: str) -> Answer:
        """Return the answer that a text stands for, with plain digits and signs and not empty."""
        return text

    def mark(self, names: Names, answer: Answer, runner: Runner) -> Marked:
        """Mark an answer.

        Args:
            names: the variant's parameters and dimensions.
            answer: as :meth:`parse` returned it, with the ids of the key.
            runner: runs mended code.
        """
        raise NotImplementedError

    def right_answer(self, variant: Variant) -> str:
        """Return a right answer as it could be typed; options are named by their numbers on the screen.

        Raises:
            FormulaError: the key has no value.
        """
        raise NotImplementedError

    # -- what an author may have got wrong --

    def lint(self, runner: Runner) -> Iterator[Problem]:
        """Yield what is wrong with this question in all its variants."""
        yield from ()

    def lint_variant(self, variant: Variant) -> Iterator[Problem]:
        """Yield what is wrong with one variant.

        Raises:
            FormulaError: a text or a key has no value there.
        """
        for text in (self.prompt, self.explain, *(hint.text for hint in self.hints)):
            fill(text, variant.names)
        yield from ()


Kinds = dict[str, type[Question]]


def plain_signs(text: str) -> str:
    """Write a text with plain digits and signs; what is raised becomes a power, ½ becomes (1/2)."""
    if len(text) > MAX_LENGTH:
        return text
    raised = re.sub(RAISED, lambda found: f"^{found[0]}", text)
    parts = (unicodedata.normalize("NFKC", sign) for sign in raised)
    halves = "".join(f"({part})" if "⁄" in part[1:] else part for part in parts)
    plain = unicodedata.normalize("NFKC", halves).translate(DASHES).strip()
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in plain)


def chosen_ids(variant: Variant, text: str) -> list[str]:
    """Return the ids of the options whose numbers were typed, in that order.

    Raises:
        Unreadable: it names none, or one twice.
    """
    count = len(variant.options)
    words = [word for word in re.split(r"[\s,;.>→-]+", text) if word]
    numbers = [int(word) for word in words if word.isdecimal() and len(word) <= 3]
    if not words or len(numbers) != len(words) or not all(1 <= number <= count for number in numbers):
        raise Unreadable(f"type the numbers of what you choose, 1 to {count}, with spaces between them")
    if len(set(numbers)) != len(numbers):
        raise Unreadable("a number stands there twice")
    return [variant.options[number - 1].id for number in numbers]
