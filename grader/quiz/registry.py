"""Quiz files and the types of questions they hold: the dataclasses are the schema, for loader and editors.

A quiz is one YAML file in ``quizzes/``; ``docs/author.md`` explains every key.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

from grader.course import Course, CourseError, dataclass, strict_yaml
from grader.quiz.questions.base import ID, Answer, Question, require_share, require_unique
from grader.quiz.questions.choices import Match, Multiple, Order, Single
from grader.quiz.questions.numbers import Numeric, Shape
from grader.quiz.questions.words import Fix, Output, Text
from grader.quiz.variants import Variant, require

SCHEMA_VERSION = 1
AnyFile = TypeVar("AnyFile", bound="Header")

for kind in (Single, Multiple, Numeric, Shape, Order, Match, Text, Output, Fix):
    Question.kinds[kind.type] = kind


def parse(variant: Variant, text: str) -> Answer:
    """Return the answer that a text stands for, as :meth:`Question.parse`; no key is needed.

    Raises:
        Unreadable: it stands for none.
    """
    return Question.kinds[variant.public.type].parse(variant, text)


@dataclass(frozen=True)
class Attempts:
    """What the first, second, ... attempt at a question is worth; choices get fewer and cheaper ones."""

    weights: tuple[float, ...] = (1.0, 0.6, 0.3)
    choice_weights: tuple[float, ...] = (1.0, 0.4)

    def __post_init__(self) -> None:
        for name in ("weights", "choice_weights"):
            weights = getattr(self, name)
            falls = list(weights) == sorted(weights, reverse=True) and all(0 < w <= 1 for w in weights)
            require(bool(weights) and falls, f"`{name}` should fall from 1 at most and stay above 0")

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


RETIRED = {  # what a file may not say any more, and what takes its place
    "language": "`language` is gone, since nothing read it; delete it",
    "earn": "`earn` is gone; in practice the best sitting counts, in a graded quiz the first `sittings: N`",
    "minutes": "`minutes` is gone with the clock of exams; delete it",
    "mode: exam": "`mode: exam` is gone; write `mode: graded` (`sittings: N` lets more than one count)",
    "confidence: required": "`confidence: required` is gone; write `confidence: optional`, worth no credits",
}


@dataclass(frozen=True, kw_only=True)
class Header:
    """The keys of a quiz file besides its questions; all of them may be handed out.

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
    mode: Literal["practice", "graded"] = "practice"
    attempts: Attempts = field(default_factory=Attempts)
    confidence: Literal["off", "optional"] = "off"
    draw: Picks | None = None
    pass_mark: float = 0.7
    sittings: int = 1

    RETIRED: ClassVar[Mapping[str, str]] = RETIRED


@dataclass(frozen=True, kw_only=True)
class QuizFile(Header):
    """A quiz file with its key."""

    questions: tuple[Question, ...]

    def __post_init__(self) -> None:
        require(self.schema == SCHEMA_VERSION, f"`schema` should be {SCHEMA_VERSION}, but is {self.schema}")
        require(bool(ID.fullmatch(self.quiz)), f"`quiz` should be words-with-hyphens, but is `{self.quiz}`")
        require(self.version >= 1, "`version` should be 1 or more")
        require_share(self.pass_mark, "pass_mark")
        require_unique([question.id for question in self.questions], "question")
        require(bool(self.questions), "a quiz needs at least one question")
        require(self.sittings >= 1, "`sittings` should be 1 or more")
        require(self.sittings == 1 or self.mode == "graded", "`sittings` is for a graded quiz")
        for topic, count in self.draw.per_topic.items() if self.draw else ():
            there = [question.credits for question in self.questions if question.topic == topic]
            problem = f"`draw` wants {count} of the topic `{topic}`, which has {len(there)}"
            require(0 < count <= len(there), problem)
            problem = f"questions of the drawn topic `{topic}` should earn equal credits"
            require(len(set(there)) == 1, problem)


@dataclass(frozen=True)
class Quiz:
    """One quiz of a course: its file's contents and where they stand."""

    path: Path
    file: QuizFile

    @property
    def id(self) -> str:
        """Its stable id."""
        return self.file.quiz

    def question(self, question_id: str) -> Question:
        """Return one question.

        Raises:
            KeyError: there is none of this id.
        """
        return {question.id: question for question in self.file.questions}[question_id]


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
    return Quiz(path, load_header(path, QuizFile))


def load_header(path: Path, kind: type[AnyFile]) -> AnyFile:
    """Read a quiz file of a given form.

    Raises:
        CourseError: it is malformed, or named differently than the quiz.
    """
    file = strict_yaml.load(path, kind)
    if file.quiz != path.stem:
        raise CourseError(path, f"is named differently than its `quiz: {file.quiz}`; rename one of them")
    return file


def find_quiz_path(course: Course, quiz_id: str) -> Path:
    """Return the file of the quiz of this id.

    Raises:
        UnknownQuiz: there is none; the text names the nearest ones.
    """
    known = {path.stem: path for path in quiz_paths(course)}
    if quiz_id in known:
        return known[quiz_id]
    near = difflib.get_close_matches(quiz_id, known, n=3, cutoff=0.4) or list(known)[:3]
    hint = f"the nearest are {', '.join(near)}" if near else "this course has no quizzes yet"
    raise UnknownQuiz(f"there is no quiz `{quiz_id}`; {hint}")
