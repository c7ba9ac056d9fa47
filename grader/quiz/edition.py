"""What a learner gets of a quiz: practice as it is, everything else without its key.

What a graded quiz's file may hold is named field by field (:class:`PublicFile` and :class:`PublicQuestion`);
nothing is taken away from a key, so nothing can be forgotten there.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml

from grader.course import Course, CourseError, Place, dataclass, has_key, write_atomic
from grader.quiz.questions.base import Question
from grader.quiz.registry import Header, Quiz, QuizFile, find_quiz_path, load_header, load_quiz, quiz_paths
from grader.quiz.variants import PublicQuestion

NOTE = "A quiz that is graded later. `grader quiz` asks it."
"""The one comment in a graded quiz's file."""

ID_DIGITS = 8
MIN_SECRET = 16
VARIABLE = "GRADER_SECRET"
PRACTICE_NOTE = (
    "# A quiz to practise with: its answers stand below, and you are told at once what was right.\n"
)
EDITOR_LINE = "# yaml-language-server:"


class NoSecret(Exception):
    """The course's secret is missing or too short; the sentence says where it is looked for."""


# --- a quiz to be taken -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PublicFile(Header):
    """A quiz file in a hand-out: public questions in the place of those with their key."""

    mode: Literal["practice", "graded"] = "graded"
    faces: tuple[PublicQuestion, ...]


@dataclass(frozen=True)
class PublicQuiz:
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
        return tuple(dict.fromkeys(question.topic for question in self.public.faces))

    def face(self, question_id: str) -> PublicQuestion:
        """Return the public side of one question.

        Raises:
            KeyError: there is none of this id.
        """
        return {question.id: question for question in self.public.faces}[question_id]

    def question(self, question_id: str) -> Question | None:
        """Return one question with its key; None if there is no key here, or no such question in it."""
        questions = self.key.questions if self.key else ()
        return next((question for question in questions if question.id == question_id), None)

    def possible(self, topic: str) -> int:
        """Credits there are for a topic: of all its questions, or of as many as a sitting draws."""
        credits = [question.credits for question in self.public.faces if question.topic == topic]
        drawn = self.public.draw.per_topic.get(topic, 0) if self.public.draw else len(credits)
        return sum(credits[:drawn])

    @property
    def credits(self) -> int:
        """Credits there are for the whole quiz."""
        return sum(map(self.possible, self.topics))


def public_quiz(quiz: Quiz) -> PublicQuiz:
    """Return what a full quiz file lets a learner take."""
    shown = tuple(question.public() for question in quiz.file.questions)
    return PublicQuiz(quiz.path, _with_header(quiz.file, shown), quiz.file)


def _with_header(file: QuizFile, faces: tuple[PublicQuestion, ...]) -> PublicFile:
    header = {field.name: getattr(file, field.name) for field in dataclasses.fields(Header)}
    return PublicFile(faces=faces, **header)


def load_public(path: Path) -> PublicQuiz:
    """Read a quiz file, a full one or a hand-out's.

    Raises:
        CourseError: it is malformed.
    """
    if not has_key(path, "faces"):
        return public_quiz(load_quiz(path))
    return PublicQuiz(path, load_header(path, PublicFile))


def all_public(course: Course) -> list[PublicQuiz]:
    """Read every quiz of a course, to be taken, as :func:`load_public` does."""
    return [load_public(path) for path in quiz_paths(course)]


def find_public(course: Course, quiz_id: str) -> PublicQuiz:
    """Read the quiz of this id, as :func:`find_quiz_path` and :func:`load_public` do."""
    return load_public(find_quiz_path(course, quiz_id))


def full_quizzes(course: Course) -> list[Quiz]:
    """Read all quizzes of a course, with their keys.

    Raises:
        CourseError: one is malformed, or has no key because this is a hand-out.
    """
    paths = quiz_paths(course)
    for path in paths:
        if has_key(path, "faces"):
            raise CourseError(path, "is a hand-out's, without its key; go to the full course for this")
    return list(map(load_quiz, paths))


# --- the secret ---------------------------------------------------------------------------------------


def secret_path(course: Course) -> Path:
    """Return where the secret lies if it is not in the environment."""
    return course.state_folder / "secret"


def read_secret(course: Course) -> bytes:
    """Return the secret that option ids are made with.

    Raises:
        NoSecret: there is none, or a short one.
    """
    path = secret_path(course)
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise NoSecret(
                f"there is no secret here; set {VARIABLE} to the one the hand-out was built with, or copy "
                f"its {path.parent.name}/{path.name}"
            ) from None
    if len(text) < MIN_SECRET:
        raise NoSecret(f"the secret has {len(text)} characters; at least {MIN_SECRET} keep it from guessing")
    return text.encode()


def make_secret(course: Course) -> bool:
    """Make a secret at its first use, for its owner's eyes only; return whether it is new.

    Raises:
        NoSecret: it cannot be written.
    """
    path = secret_path(course)
    if os.environ.get(VARIABLE, "").strip() or path.exists():
        return False
    try:
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise NoSecret(f"{path} cannot be written ({error.strerror}); set {VARIABLE} instead") from None
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{os.urandom(32).hex()}\n")
    return True


# --- the edition --------------------------------------------------------------------------------------


def opaque(secret: bytes, quiz: str, question: str, option: str) -> str:
    """Return what an option is called in a hand-out: an id that says nothing."""
    import hashlib
    import hmac

    name = "\0".join((quiz, question, option)).encode()
    return hmac.new(secret, name, hashlib.sha256).hexdigest()[:ID_DIGITS]


def plain_ids(secret: bytes, quiz: str, question: Question) -> Mapping[str, str]:
    """Return the key's own ids by those of the hand-out.

    Raises:
        CourseError: two options have got the same one; another secret helps.
    """
    public = question.public()
    ids = [option.id for option in (*public.options, *public.lefts)]
    found = {opaque(secret, quiz, question.id, name): name for name in ids}
    if len(found) < len(ids):
        problem = f"two options of `{question.id}` get the same id with this secret; take another one"
        raise CourseError(Path(f"{quiz}.yaml"), problem)
    return found


def public_file(quiz: Quiz, secret: bytes) -> PublicFile:
    """Return what a learner gets of a quiz whose key is kept.

    Raises:
        CourseError: two options have got the same id; another secret helps.
    """
    shown = []
    for question in quiz.file.questions:
        names = {own: name for name, own in plain_ids(secret, quiz.id, question).items()}
        shown.append(question.public(names.__getitem__))
    return _with_header(quiz.file, tuple(shown))


def edition_text(quiz: Quiz, secret: bytes) -> str:
    """Return the student's file of a quiz; the same course and secret give the same bytes.

    Raises:
        CourseError: the quiz cannot be read, or has options that get the same id.
    """
    if quiz.file.mode == "practice":
        lines = quiz.path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        return PRACTICE_NOTE + "".join(line for line in lines if not line.startswith(EDITOR_LINE))
    document = _plain(public_file(quiz, secret))

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as blocks, which a person can read."""

        def represent_str(self, text: str) -> yaml.ScalarNode:
            style = "|" if "\n" in text.strip("\n") else None
            return self.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(str, Dumper.represent_str)
    form: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "default_flow_style": False}
    return f"# {NOTE}\n{yaml.dump(document, Dumper=Dumper, width=100, **form)}"


def _plain(value: Any) -> Any:
    """Return dataclasses as mappings, without places and what is left at its default."""
    if dataclasses.is_dataclass(value):
        kept = {}
        for field in dataclasses.fields(value):
            found, factory = getattr(value, field.name), field.default_factory
            default = field.default if factory is dataclasses.MISSING else factory()
            if not isinstance(found, Place) and _plain(found) != _plain(default):
                kept[field.name.rstrip("_")] = _plain(found)
        return kept
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, str) else value


def edition_texts(quizzes: list[Quiz], secret: bytes, folder: Path) -> dict[Path, str]:
    """Return the student's files of quizzes below a folder, as :func:`edition_text`; nothing is written."""
    return {folder / "quizzes" / quiz.path.name: edition_text(quiz, secret) for quiz in quizzes}


def write_edition(quizzes: list[Quiz], secret: bytes, folder: Path) -> None:
    """Write the student's files of quizzes below a folder, and read them back.

    A variant is drawn from what a file says, to the last digit. Whoever hands it out looks for leaks.

    Raises:
        CourseError: a quiz cannot be written such that it reads the same.
    """
    (folder / "quizzes").mkdir(parents=True, exist_ok=True)
    texts = edition_texts(quizzes, secret, folder)
    for quiz, (path, text) in zip(quizzes, texts.items(), strict=True):
        write_atomic(path, text)
        read = load_public(path)
        if _plain(read.key or read.public) != _plain(quiz.file if read.key else public_file(quiz, secret)):
            path.unlink(missing_ok=True)
            problem = "reads otherwise once it is written; look for odd spaces in its texts"
            raise CourseError(quiz.path, problem)
