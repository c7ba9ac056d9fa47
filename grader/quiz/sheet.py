"""What a sitting works on: a quiz's header and faces, with its key where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from grader.course import Course, CourseError, strict_yaml
from grader.quiz.face import Face, face_of
from grader.quiz.schema import (
    RETIRED,
    AnyQuestion,
    Attempts,
    Picks,
    Quiz,
    QuizFile,
    find_quiz_path,
    load_quiz,
    quiz_paths,
)

HEADER = "schema quiz version title language mode attempts confidence draw pass_mark sittings".split()
"""The keys of a quiz file that may be handed out, besides the faces of its questions."""


@dataclass(frozen=True)
class PublicFile:
    """The keys of a quiz file in a hand-out: those of ``HEADER``, and faces in the place of questions."""

    schema: int
    quiz: str
    version: int
    title: str
    faces: tuple[Face, ...]
    language: str = "en"
    mode: Literal["practice", "graded"] = "graded"
    attempts: Attempts = field(default_factory=Attempts)
    confidence: Literal["off", "optional"] = "off"
    draw: Picks | None = None
    pass_mark: float = 0.7
    sittings: int = 1

    RETIRED: ClassVar[Mapping[str, str]] = RETIRED


@dataclass(frozen=True)
class Sheet:
    """A quiz to be taken: its public side, and its key unless that is the instructor's alone."""

    path: Path
    public: PublicFile
    key: QuizFile | None = None

    @property
    def id(self) -> str:
        """The quiz's stable id."""
        return self.public.quiz

    @property
    def topics(self) -> tuple[str, ...]:
        """Its topics, in the order of its questions."""
        return tuple(dict.fromkeys(one.topic for one in self.public.faces))

    def face(self, question: str) -> Face:
        """Return the face of one question.

        Raises:
            KeyError: there is none of this id.
        """
        for face in self.public.faces:
            if face.id == question:
                return face
        raise KeyError(question)

    def question(self, question: str) -> AnyQuestion | None:
        """Return one question with its key; None if there is no key here, or no such question in it."""
        questions = self.key.questions if self.key else ()
        return next((one for one in questions if one.id == question), None)

    def possible(self, topic: str) -> int:
        """Credits there are for a topic: of all its questions, or of as many as a sitting draws."""
        credits = [one.credits for one in self.public.faces if one.topic == topic]
        drawn = self.public.draw.per_topic.get(topic, 0) if self.public.draw else len(credits)
        return sum(credits[:drawn])

    @property
    def credits(self) -> int:
        """Credits there are for the whole quiz."""
        return sum(map(self.possible, self.topics))


def sheet_of(quiz: Quiz) -> Sheet:
    """Return what a full quiz file lets a learner take."""
    faces = tuple(map(face_of, quiz.file.questions))
    header = {name: getattr(quiz.file, name) for name in HEADER}
    return Sheet(quiz.path, PublicFile(faces=faces, **header), quiz.file)


def load_sheet(path: Path) -> Sheet:
    """Read a quiz file, a full one or a hand-out's.

    Raises:
        CourseError: it is malformed.
    """
    if not strict_yaml.has_key(path, "faces"):
        return sheet_of(load_quiz(path))
    public = strict_yaml.load(path, PublicFile)
    if public.quiz != path.stem:
        raise CourseError(path, f"is named differently than its `quiz: {public.quiz}`; rename one of them")
    return Sheet(path, public)


def all_sheets(course: Course) -> list[Sheet]:
    """Read every quiz of a course.

    Raises:
        CourseError: one is malformed.
    """
    return [load_sheet(path) for path in quiz_paths(course)]


def find_sheet(course: Course, quiz_id: str) -> Sheet:
    """Read the quiz of this id.

    Raises:
        UnknownQuiz: there is none; the text names the nearest ones.
        CourseError: it is malformed.
    """
    return load_sheet(find_quiz_path(course, quiz_id))
