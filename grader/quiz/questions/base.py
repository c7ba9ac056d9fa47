"""What every question has, whatever its type: its public side, its variants, its key.

Prompts and feedback are Markdown with mathematics between dollar signs; ``${n}`` stands for a drawn parameter
and, in what is shown after an answer, ``${= n**2}`` for the value of a formula.

A variant is drawn from a hash, by integer arithmetic on SHA-256 and nothing else, so it is the same on every
machine, with every version of Python and NumPy, for the student and for whoever grades. It needs the public
side of a question only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from grader.course import NOWHERE, Place, dataclass, derived
from grader.quiz.formula import FormulaError, Names, Value, evaluate

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HOLE = re.compile(r"\$\{(=?)([^{}$]+)\}")
# Other patterns are compiled when they are first used: none is needed to ask a question.
RAISED = "[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+"
DASHES = {**dict.fromkeys(map(ord, "‐‑‒–—−"), "-"), ord("⁄"): "/", ord("٫"): ","}
MAX_LENGTH = 2000  # characters of an answer
MAX_TRIES = 2000

T = TypeVar("T")

Answer = Any
"""An id; a frozenset, a tuple or a dict of ids; a float; expressions; words; a line's number and text."""

Problem = tuple[str, Place]
"""A fault that an author should mend: a sentence about the question, and where it stands."""


def require(holds: bool, problem: str) -> None:
    """Raise ValueError unless what an author wrote holds; the loader adds the place."""
    if not holds:
        raise ValueError(problem)


def require_share(value: float, name: str) -> None:
    """Raise ValueError unless this is between 0 and 1."""
    require(0 <= value <= 1, f"`{name}` should be a share between 0 and 1, but is {value:g}")


def require_unique(names: list[str], what: str) -> None:
    """Raise ValueError if a name stands twice."""
    for name in names:
        require(names.count(name) == 1, f"the {what} `{name}` stands {names.count(name)} times")


# --- what is shown of a question, and how its numbers are drawn ----------------------------------------


@dataclass(frozen=True)
class Draw:
    """How one parameter is drawn: exactly one of ``int``, ``uniform`` and ``choice``."""

    int_: tuple[int, ...] = ()  # first, last and, if wanted, the step of whole numbers
    uniform: tuple[float, ...] = ()  # bounds of a decimal number
    round_: int = 2  # its decimals
    choice: tuple[float, ...] = ()  # numbers to choose from
    # rows and columns, where the parameter is a matrix of such numbers; one length for a vector
    matrix: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        given = [bool(self.int_), bool(self.uniform), bool(self.choice)].count(True)
        require(given == 1, "a parameter needs exactly one of `int`, `uniform` and `choice`")
        require(len(self.int_) in (0, 2, 3), "`int` should be [first, last] or [first, last, step]")
        if self.int_:
            first, last, step = (*self.int_, 1)[:3]
            require(step > 0 and first < last, "`int` should rise from first to last")
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
    """

    id: str
    type: str
    topic: str
    credits: int
    prompt: str
    options: tuple[Option, ...] = ()  # choices; lines to order, and those left out; right sides to match
    lefts: tuple[Option, ...] = ()  # left sides to match
    code: str = ""  # what is to be read or mended
    # how parameters are drawn; ``where`` is a condition on them
    params: Mapping[str, Draw] = field(default_factory=dict)
    where: str = ""
    dims: Mapping[str, int] = field(default_factory=dict)  # symbols of a shape and their values


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
    """A question as one learner sees it at one attempt: with drawn values, its options in the order shown."""

    public: PublicQuestion
    params: Mapping[str, Value]
    options: tuple[Option, ...]
    # what formulas may refer to: parameters and dimensions
    names: Names = derived(lambda variant: {**variant.public.dims, **variant.params})
    # the number on the screen, from 1, of each option by its id
    numbers: Mapping[str, int] = derived(
        lambda variant: {option.id: number for number, option in enumerate(variant.options, 1)}
    )

    @property
    def prompt(self) -> str:
        """The prompt with its parameters filled in."""
        return fill(self.public.prompt, self.names)

    def record(self) -> str:
        """Return canonical JSON of all that was drawn, for storing and comparing."""
        drawn = {"params": dict(self.params), "options": [option.id for option in self.options]}
        return json.dumps(drawn, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def make_variant(public: PublicQuestion, *seed: str | int) -> Variant:
    """Draw a variant by salt, learner, quiz, question and attempt; FormulaError if ``where`` never holds."""
    stream, where = Stream(*seed), public.where
    for _ in range(MAX_TRIES):
        params = {name: stream.draw(how) for name, how in public.params.items()}
        try:
            holds = not where or bool(evaluate(where, {**public.dims, **params}))
        except FormulaError as error:
            raise FormulaError(f"`where`: {error}") from None
        if holds:
            return Variant(public, params, stream.shuffled(public.options))
    raise FormulaError(f"`where: {where}` holds for none of {MAX_TRIES} draws; loosen it or the parameters")


def recalled(public: PublicQuestion, record: str) -> Variant | None:
    """Return the variant of which this is the record; None if the question has changed too much since."""
    known = {option.id: option for option in public.options}
    try:
        drawn = json.loads(record)
        params, options = dict(drawn["params"]), tuple(known[name] for name in drawn["options"])
    except (ValueError, KeyError, TypeError):
        return None
    return Variant(public, params, options) if params.keys() == public.params.keys() else None


def fill(text: str, names: Names) -> str:
    """Put values in the place of ``${name}`` and, with four figures, ``${= formula}``; or FormulaError."""

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


# --- what is typed -------------------------------------------------------------------------------------


class Unreadable(ValueError):
    """What was typed is no answer to this kind of question; the sentence says what would be."""


def parse(variant: Variant, text: str) -> Answer:
    """Return the answer that a text stands for: forgiving about form, silent about right and wrong.

    Options are named by their numbers on the screen. The public side of a question is enough. Or Unreadable.
    """
    kind, plain = Question.kinds[variant.public.type], text
    if len(text) <= MAX_LENGTH:
        if kind.answered_in == "signs":  # what is raised becomes a power, ½ becomes (1/2)
            raised = re.sub(RAISED, lambda found: f"^{found[0]}", text)
            parts = (unicodedata.normalize("NFKC", sign) for sign in raised)
            plain = "".join(f"({part})" if "⁄" in part[1:] else part for part in parts)
        plain = unicodedata.normalize("NFKC", plain)
        if kind.answered_in == "signs":
            plain = "".join(str(unicodedata.decimal(sign, sign)) for sign in plain)
        plain = plain.translate(DASHES).strip()
    if len(plain) > MAX_LENGTH:
        raise Unreadable(f"that is {len(text)} characters; an answer takes a line")
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign != "\t" for sign in text.strip()):
        raise Unreadable("that holds characters nobody can see; type it anew")
    if not plain:
        raise Unreadable("type an answer, or `s` to skip the question")
    return kind.read(variant, text if kind.answered_in == "code" else plain)


# --- a question with its key ---------------------------------------------------------------------------


class Runner(Protocol):
    """Runs what learners write, confined."""

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Whether code returns, in every test, what the solution returns."""


class LintRunner(Runner, Protocol):
    """Runs what authors write as well."""

    def printed(self, code: str) -> str | None:
        """Return what a program prints; None if it does not come to its end."""


def exact(share: float) -> str:
    """Write a share with two digits, or with four where two would not add up: 0.50, 0.375, 0.3333."""
    text = f"{share:.2f}"
    return text if abs(float(text) - share) < 1e-9 else f"{share:.4g}"


@dataclass(frozen=True)
class Marked:
    """What one answer is worth."""

    share: float  # of the credits, 0 to 1
    arithmetic: str  # how the share came about
    feedback: tuple[str, ...] = ()  # what the author says to this answer
    accepted: str = ""  # what would have been accepted, where that is an interval
    right: bool = derived(lambda marked: marked.share >= 1.0)  # whether it is right entirely

    @classmethod
    def partly(cls, credit: float, feedback: str, accepted: str = "") -> Marked:
        """Mark a known wrong answer, which may earn part of the credits."""
        arithmetic = f"partly right: {credit:g}" if credit else "not right"
        return cls(credit, arithmetic, (feedback,) if feedback else (), accepted)


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
    """A question with its key. A new type is a subclass, and a line in :mod:`grader.quiz.files`."""

    id: str  # stable within its quiz; never reused
    type: str
    topic: str  # groups questions for `--topic`, for drawing and for the statement of credits
    prompt: str  # Markdown
    explain: str  # shown after the last attempt; teaches why
    source: str  # of the explanation: paper, book section, or the part of the course
    credits: int = 1  # for a right answer at the first attempt without hints
    hints: tuple[Hint, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)

    kinds: ClassVar[Kinds] = {}  # every type by its name; grader.quiz.files fills it
    RETIRED: ClassVar[Mapping[str, str]] = {  # what may not be said any more, and what takes its place
        "scoring": "`scoring` is gone: there is one rule for each type (docs/author.md); delete it",
        "tags": "`tags` is gone, since nothing read it; `topic` groups questions",
    }
    is_choice: ClassVar[bool] = False  # few possible answers: later attempts are worth less
    asks: ClassVar[str] = ""  # what can be typed, in a line on the screen
    answered_in: ClassVar[Literal["signs", "words", "code"]] = "signs"  # code is read exactly as it is typed

    def __post_init__(self) -> None:
        require(bool(ID.fullmatch(self.id)), f"`id` should be words-with-hyphens, but is `{self.id}`")
        require(bool(ID.fullmatch(self.topic)), f"`topic` should be words-with-hyphens, not `{self.topic}`")
        require(1 <= self.credits <= 10, "`credits` should be 1 to 10")
        for name in ("prompt", "explain", "source"):
            require(bool(getattr(self, name).strip()), f"`{name}` is empty; write it")

    def public(self, rename: Callable[[str], str] = str) -> PublicQuestion:
        """Return what may be shown before the answer: what :class:`PublicQuestion` names, and the options.

        ``rename`` gives the ids of options; a hand-out's say nothing, and options are sorted by them there,
        since authors write the right one first.
        """
        options, lefts = (
            tuple(Option(rename(name), text) for name, text in texts.items()) for texts in self.offered()
        )
        if rename is not str:
            options = tuple(sorted(options, key=lambda option: option.id))
        named = [field.name for field in dataclasses.fields(PublicQuestion)]
        shown = {name: getattr(self, name) for name in named if hasattr(self, name)}
        return PublicQuestion(**shown, options=options, lefts=lefts)

    def offered(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return texts by the key's own ids: what is chosen from or put in order, and left sides to match."""
        return {}, {}

    @classmethod
    def read(cls, variant: Variant, text: str) -> Answer:
        """Return the answer that a text with plain signs stands for; Unreadable if it stands for none."""
        return text

    @classmethod
    def understood(cls, variant: Variant, answer: Answer) -> str:
        """Say what a typed answer is read as; nothing where that is what was typed."""
        return ""

    def mark(self, names: Names, answer: Answer, runner: Runner) -> Marked:
        """Mark an answer to the variant of these names, as :func:`parse` returned it, with the key's ids."""
        raise NotImplementedError

    def right_answer(self, variant: Variant) -> str:
        """Return a right answer as it could be typed; FormulaError if the key has no value."""
        raise NotImplementedError

    def lint(self, runner: LintRunner) -> Iterator[Problem]:
        """Yield what is wrong with this question in all its variants."""
        yield from ()

    def lint_variant(self, variant: Variant) -> Iterator[Problem]:
        """Yield what is wrong with one variant; FormulaError if a text or a key has no value there."""
        for text in (self.prompt, self.explain, *(hint.text for hint in self.hints)):
            fill(text, variant.names)
        yield from ()


Kinds = dict[str, type[Question]]
