"""The form of a quiz file: these dataclasses are its schema, for the loader and for editors alike.

A quiz is one YAML file in ``quizzes/``; ``docs/author.md`` explains every key. Prompts and feedback are
Markdown with mathematics between dollar signs; ``${n}`` stands for a drawn parameter and, in what is shown
after an answer, ``${= n**2}`` for the value of a formula.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from grader.course import NOWHERE, Course, CourseError, Place, Raw, strict_yaml

SCHEMA_VERSION = 1
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(problem)


def _share(value: float, name: str) -> None:
    _require(0 <= value <= 1, f"`{name}` should be a share between 0 and 1, but is {value:g}")


class Once:
    """Attributes that are set once; ``frozen=True`` compiles two more functions a class at every start."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.__dict__:
            raise AttributeError(f"`{name}` is set already")
        object.__setattr__(self, name, value)


@dataclass(eq=False, repr=False)
class Hint(Once):
    """One hint; its cost is a share of the question's credits."""

    text: str
    cost: float = 0.0

    def __post_init__(self) -> None:
        _share(self.cost, "cost")


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
        _require(given == 1, "a parameter needs exactly one of `int`, `uniform` and `choice`")
        _require(len(self.int_) in (0, 2, 3), "`int` should be [first, last] or [first, last, step]")
        if self.int_:
            step = self.int_[2] if len(self.int_) == 3 else 1
            _require(step > 0 and self.int_[0] < self.int_[1], "`int` should rise from first to last")
        if self.uniform:
            rises = len(self.uniform) == 2 and self.uniform[0] < self.uniform[1]
            _require(rises, "`uniform` should be [low, high]")
        _require(0 <= self.round_ <= 6, "`round` should be 0 to 6 decimals")
        small = len(self.matrix) <= 2 and all(1 <= size <= 6 for size in self.matrix)
        _require(small, "`matrix` should be one or two sizes of 1 to 6")


@dataclass(eq=False, repr=False)
class Question(Once):
    """What every question has, whatever its type.

    Args:
        id: stable within its quiz; never reused.
        topic: groups questions for `--topic`, for drawing and for the statement of credits.
        prompt: Markdown.
        explain: shown after the last attempt; teaches why.
        source: of the explanation: paper, book section, or the part of the course.
        credits: for a right answer at the first attempt without hints.
        tags: free words for authors.
    """

    id: str
    topic: str
    prompt: str
    explain: str
    source: str
    credits: int = 1
    hints: tuple[Hint, ...] = ()
    tags: tuple[str, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)

    is_choice: ClassVar[bool] = False  # few possible answers: later attempts are worth less

    def __post_init__(self) -> None:
        _require(bool(ID.fullmatch(self.id)), f"`id` should be words-with-hyphens, but is `{self.id}`")
        _require(bool(ID.fullmatch(self.topic)), f"`topic` should be words-with-hyphens, not `{self.topic}`")
        _require(1 <= self.credits <= 10, "`credits` should be 1 to 10")
        for name in ("prompt", "explain", "source"):
            _require(bool(getattr(self, name).strip()), f"`{name}` is empty; write it")


def _unique(ids: list[str], what: str) -> None:
    for one in ids:
        _require(ids.count(one) == 1, f"the {what} `{one}` stands {ids.count(one)} times")


# --- choices ------------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class Choice(Once):
    """One option; a wrong one may earn part of the credits and should say why it is wrong."""

    id: str
    text: str
    correct: bool = False
    credit: float = 0.0
    feedback: str = ""
    place: Place = field(default=NOWHERE, compare=False)

    def __post_init__(self) -> None:
        _share(self.credit, "credit")
        _require(not (self.correct and self.credit), "`credit` is for wrong choices; the right one earns all")


@dataclass(eq=False, repr=False, kw_only=True)
class Single(Question):
    """Exactly one choice is right."""

    type: Literal["single"]
    choices: tuple[Choice, ...]
    is_choice: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        _unique([choice.id for choice in self.choices], "choice")
        _require(len(self.choices) >= 3, "a single choice needs at least three choices")
        right = sum(choice.correct for choice in self.choices)
        _require(right == 1, f"exactly one choice should be `correct: true`, but {right} are")


@dataclass(eq=False, repr=False, kw_only=True)
class Multiple(Question):
    """Any number of choices is right, at least one, and at least one is wrong.

    ``scoring``, where t right and w wrong ones are ticked, s in all, and c of n are right: ``balanced`` is
    max(0, t/c - w/(n-c)), ``net`` max(0, (t-w)/c), ``coverage`` (t/c)(t/s), ``all`` all or nothing.
    """

    type: Literal["multiple"]
    choices: tuple[Choice, ...]
    scoring: Literal["balanced", "net", "coverage", "all"] = "balanced"
    is_choice: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        _unique([choice.id for choice in self.choices], "choice")
        right = sum(choice.correct for choice in self.choices)
        _require(0 < right < len(self.choices), "some choices should be `correct: true`, and some not")


# --- numbers and shapes -------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class Target(Once):
    """A number to hit: a formula, and how near is near enough (exactly one of the three).

    Args:
        value: a formula of the parameters.
        atol: absolute tolerance.
        rtol: relative tolerance.
        digits: significant figures that must agree.
    """

    value: Raw
    atol: float | None = None
    rtol: float | None = None
    digits: int | None = None

    def __post_init__(self) -> None:
        given = [self.atol, self.rtol, self.digits].count(None)
        _require(given == 2, "an answer needs exactly one of `atol`, `rtol` and `digits`")
        _require(min(self.atol or 0, self.rtol or 0) >= 0, "a tolerance should not be negative")
        _require(self.digits is None or 1 <= self.digits <= 15, "`digits` should be 1 to 15")


@dataclass(eq=False, repr=False)
class WrongNumber(Once):
    """A known wrong formula; it is met within the tolerance of the answer, unless it has its own."""

    value: Raw
    feedback: str
    credit: float = 0.0
    atol: float | None = None
    rtol: float | None = None
    place: Place = field(default=NOWHERE, compare=False)

    def __post_init__(self) -> None:
        _share(self.credit, "credit")


@dataclass(eq=False, repr=False, kw_only=True)
class Numeric(Question):
    """A number. With ``params``, everyone gets numbers of their own; ``where`` is a condition on them."""

    type: Literal["numeric"]
    answer: Target
    params: Mapping[str, Draw] = field(default_factory=dict)
    where: str = ""
    mistakes: tuple[WrongNumber, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _parameter_names(self.params)


@dataclass(eq=False, repr=False)
class WrongShape(Once):
    """A known wrong shape."""

    value: tuple[Raw, ...]
    feedback: str
    credit: float = 0.0
    place: Place = field(default=NOWHERE, compare=False)

    def __post_init__(self) -> None:
        _share(self.credit, "credit")


@dataclass(eq=False, repr=False, kw_only=True)
class Shape(Question):
    """The shape of an array, in numbers or in symbols: ``[D + H, 4 * H]`` accepts ``(74, 256)`` as well.

    ``dims`` gives the symbols their values; ``params`` draws them.
    """

    type: Literal["shape"]
    answer: tuple[Raw, ...]
    dims: Mapping[str, int] = field(default_factory=dict)
    params: Mapping[str, Draw] = field(default_factory=dict)
    where: str = ""
    mistakes: tuple[WrongShape, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _parameter_names({**self.params, **self.dims})
        clash = sorted(set(self.params) & set(self.dims))
        _require(not clash, f"`{clash[0] if clash else ''}` is both in `params` and in `dims`")


def _parameter_names(params: Mapping[str, object]) -> None:
    for name in params:
        _require(bool(NAME.fullmatch(name)), f"a parameter should have a plain name, not `{name}`")


# --- ordering and matching ----------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class Step(Once):
    """One line to put in order; it comes after those that ``after`` names."""

    id: str
    text: str
    after: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class Distractor(Once):
    """A line that belongs nowhere."""

    id: str
    text: str
    feedback: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(eq=False, repr=False, kw_only=True)
class Order(Question):
    """Lines to put in order; every order that respects ``after`` is right. Distractors stay out.

    ``scoring``: ``lcs`` is max(0, (N - d)/N) with d insertions and deletions to the nearest right order of N
    lines; ``exact`` is all or nothing.
    """

    type: Literal["order"]
    steps: tuple[Step, ...]
    distractors: tuple[Distractor, ...] = ()
    scoring: Literal["lcs", "exact"] = "lcs"

    def __post_init__(self) -> None:
        super().__post_init__()
        _unique([*(one.id for one in self.steps), *(one.id for one in self.distractors)], "step")
        _require(3 <= len(self.steps) <= 9, "an order needs 3 to 9 steps")
        before: set[str] = set()
        for step in self.steps:
            for one in step.after:
                _require(one in before, f"`{step.id}` comes after `{one}`, which is no step before it here")
            before.add(step.id)
        _require(any(step.after for step in self.steps), "no step comes `after` another: any order is right")


@dataclass(eq=False, repr=False)
class Pair(Once):
    """Two things that belong together."""

    left: str
    right: str


@dataclass(eq=False, repr=False)
class WrongPair(Once):
    """A pairing that people make, and what is wrong with it."""

    left: str
    right: str
    feedback: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(eq=False, repr=False, kw_only=True)
class Match(Question):
    """Each left side has one right side; ``extra`` right sides belong to none."""

    type: Literal["match"]
    pairs: tuple[Pair, ...]
    extra: tuple[str, ...] = ()
    mistakes: tuple[WrongPair, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        lefts, rights = [one.left for one in self.pairs], [*(one.right for one in self.pairs), *self.extra]
        _unique(lefts, "left side")
        _unique(rights, "right side")
        _require(len(self.pairs) >= 2, "a match needs at least two pairs")
        for wrong in self.mistakes:
            known = wrong.left in lefts and wrong.right in rights
            _require(known, f"the mistake `{wrong.left}` - `{wrong.right}` names no side of this question")
            right = any((one.left, one.right) == (wrong.left, wrong.right) for one in self.pairs)
            _require(not right, f"the mistake `{wrong.left}` - `{wrong.right}` is a right pair")


# --- words, output, code ------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class WrongText(Once):
    """A known wrong answer in words."""

    match: str
    feedback: str
    credit: float = 0.0
    place: Place = field(default=NOWHERE, compare=False)

    def __post_init__(self) -> None:
        _share(self.credit, "credit")


@dataclass(eq=False, repr=False, kw_only=True)
class Text(Question):
    """A word or two, compared without case, accents, punctuation and articles.

    ``typos``: how many slips are forgiven (letters left out, put in, changed, or two swapped), in words of
    six and more letters.
    """

    type: Literal["text"]
    accept: tuple[str, ...]
    typos: int = 0
    reject: tuple[WrongText, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(bool(self.accept), "`accept` needs at least one answer")
        _require(0 <= self.typos <= 2, "`typos` should be 0, 1 or 2")


@dataclass(eq=False, repr=False)
class WrongOutput(Once):
    """What people expect it to print instead."""

    value: Raw
    feedback: str
    credit: float = 0.0
    place: Place = field(default=NOWHERE, compare=False)

    def __post_init__(self) -> None:
        _share(self.credit, "credit")


@dataclass(eq=False, repr=False, kw_only=True)
class Output(Question):
    """What does this code print? Compared as Python values where both are, else as text."""

    type: Literal["output"]
    code: str
    answer: Raw
    mistakes: tuple[WrongOutput, ...] = ()


@dataclass(eq=False, repr=False)
class WrongLine(Once):
    """A line that people suspect though nothing is wrong with it."""

    line: int
    feedback: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(eq=False, repr=False, kw_only=True)
class Fix(Question):
    """Code with one faulty line: name it and write it anew. Any line that passes the tests is right.

    Args:
        line: number of the faulty line, from 1.
        tests: calls of the code's functions, such as ``step(np.ones((2, 1)))``; what they return is compared
            with what the solution returns.
        solution: the line as it should be.
        mistakes: other lines that people suspect.
    """

    type: Literal["fix"]
    code: str
    line: int
    tests: tuple[str, ...]
    solution: str
    mistakes: tuple[WrongLine, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        count = len(self.code.splitlines())
        _require(1 <= self.line <= count, f"`line` should be 1 to {count}, but is {self.line}")
        _require(bool(self.tests), "a fix needs at least one test")
        for wrong in self.mistakes:
            other = 1 <= wrong.line <= count and wrong.line != self.line
            _require(other, f"a mistake names line {wrong.line}; it should be another line of the code")


AnyQuestion = Single | Multiple | Numeric | Shape | Order | Match | Text | Output | Fix


# --- the quiz -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempts:
    """What the first, second, ... attempt at a question is worth; choices get fewer and cheaper ones."""

    weights: tuple[float, ...] = (1.0, 0.6, 0.3)
    choice_weights: tuple[float, ...] = (1.0, 0.4)

    def __post_init__(self) -> None:
        for name in ("weights", "choice_weights"):
            weights = getattr(self, name)
            falls = list(weights) == sorted(weights, reverse=True) and all(0 < one <= 1 for one in weights)
            _require(bool(weights) and falls, f"`{name}` should fall from 1 at most and stay above 0")

    def of(self, question: Question) -> tuple[float, ...]:
        """Return the weights of one question's attempts."""
        return self.choice_weights if question.is_choice else self.weights

    def weight(self, question: Question, attempt: int) -> float:
        """Return what an attempt is worth, from 1; nothing after the last one."""
        return dict(enumerate(self.of(question), 1)).get(attempt, 0.0)


@dataclass(frozen=True)
class Picks:
    """How many questions of each topic a sitting asks."""

    per_topic: Mapping[str, int]


RETIRED = {  # what a quiz file may not say any more, and what takes its place
    "earn": "`earn` is gone; in practice the best sitting counts, in a graded quiz the first `sittings: N`",
    "minutes": "`minutes` is gone with the clock of exams; delete it",
    "mode: exam": "`mode: exam` is gone; write `mode: graded` (`sittings: N` lets more than one count)",
    "confidence: required": "`confidence: required` is gone; write `confidence: optional`, worth no credits",
}


@dataclass(eq=False, repr=False)
class QuizFile(Once):
    """The keys of a quiz file.

    Args:
        quiz: stable id, as the file is named; never reused.
        version: raised when a key changes, so that stored responses are graded anew.
        mode: ``practice`` shows feedback at once; ``graded`` is graded later, by the instructor.
        sittings: of a graded quiz, how many count, from the first on; in practice the best one does.
    """

    schema: int
    quiz: str
    version: int
    title: str
    questions: tuple[AnyQuestion, ...]
    language: str = "en"
    mode: Literal["practice", "graded"] = "practice"
    attempts: Attempts = field(default_factory=Attempts)
    confidence: Literal["off", "optional"] = "off"
    draw: Picks | None = None
    pass_mark: float = 0.7
    sittings: int = 1
    RETIRED: ClassVar[Mapping[str, str]] = RETIRED

    def __post_init__(self) -> None:
        _require(self.schema == SCHEMA_VERSION, f"`schema` should be {SCHEMA_VERSION}, but is {self.schema}")
        _require(bool(ID.fullmatch(self.quiz)), f"`quiz` should be words-with-hyphens, but is `{self.quiz}`")
        _require(self.version >= 1, "`version` should be 1 or more")
        _share(self.pass_mark, "pass_mark")
        _unique([one.id for one in self.questions], "question")
        _require(bool(self.questions), "a quiz needs at least one question")
        _require(self.sittings >= 1, "`sittings` should be 1 or more")
        _require(self.sittings == 1 or self.mode == "graded", "`sittings` is for a graded quiz")
        for topic, count in self.draw.per_topic.items() if self.draw else ():
            there = [one.credits for one in self.questions if one.topic == topic]
            enough = 0 < count <= len(there)
            _require(enough, f"`draw` wants {count} of the topic `{topic}`, which has {len(there)}")
            _require(
                len(set(there)) == 1, f"questions of the drawn topic `{topic}` should earn equal credits"
            )


@dataclass(eq=False, repr=False)
class Quiz(Once):
    """One quiz of a course: its file's contents and where they stand."""

    path: Path
    file: QuizFile

    @property
    def id(self) -> str:
        """Its stable id."""
        return self.file.quiz

    def question(self, question_id: str) -> AnyQuestion:
        """Return one question.

        Raises:
            KeyError: there is none of this id.
        """
        for question in self.file.questions:
            if question.id == question_id:
                return question
        raise KeyError(question_id)


class UnknownQuiz(Exception):
    """No quiz has this id; the text names the nearest ones."""


def quiz_paths(course: Course) -> tuple[Path, ...]:
    """Return the files of all quizzes."""
    return tuple(sorted((course.root / "quizzes").glob("*.yaml")))


def load_quiz(path: Path) -> Quiz:
    """Read one quiz file.

    Raises:
        CourseError: it is malformed; file, line and column, what, and the cure.
    """
    file = strict_yaml.load(path, QuizFile)
    if file.quiz != path.stem:
        raise CourseError(path, f"is named differently than its `quiz: {file.quiz}`; rename one of them")
    return Quiz(path, file)


def find_quiz_path(course: Course, quiz_id: str) -> Path:
    """Return the file of the quiz of this id.

    Raises:
        UnknownQuiz: there is none; the text names the nearest ones.
    """
    import difflib

    known = {path.stem: path for path in quiz_paths(course)}
    if quiz_id in known:
        return known[quiz_id]
    near = difflib.get_close_matches(quiz_id, known, n=3, cutoff=0.4) or list(known)[:3]
    hint = f"the nearest are {', '.join(near)}" if near else "this course has no quizzes yet"
    raise UnknownQuiz(f"there is no quiz `{quiz_id}`; {hint}")
