"""Writes the student's edition of quizzes: practice as it is, everything else without its key.

What a graded quiz's file may hold is named field by field (:class:`PublicFile` and :class:`Face`); nothing is
taken away from a key, so nothing can be forgotten there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from grader.authoring.quiz_leaks import NOTE, Leak, find_leaks
from grader.course import Course, CourseError, Place, has_key
from grader.quiz.face import Face, face_of
from grader.quiz.schema import AnyQuestion, Quiz, QuizFile, load_quiz, quiz_paths
from grader.quiz.sheet import HEADER, PublicFile, load_sheet

ID_DIGITS = 8
MIN_SECRET = 16
VARIABLE = "GRADER_SECRET"
PRACTICE_NOTE = (
    "# A quiz to practise with: its answers stand below, and you are told at once what was right.\n"
)
EDITOR_LINE = "# yaml-language-server:"


class NoSecret(Exception):
    """The course's secret is missing or too short; the sentence says where it is looked for."""


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
        file.write(f"{secrets.token_hex(32)}\n")
    return True


# --- faces with ids that say nothing ------------------------------------------------------------------


def opaque(secret: bytes, quiz: str, question: str, option: str) -> str:
    """Return what an option is called in a hand-out."""
    name = "\0".join((quiz, question, option)).encode()
    return hmac.new(secret, name, hashlib.sha256).hexdigest()[:ID_DIGITS]


def public_face(secret: bytes, quiz: str, question: AnyQuestion) -> Face:
    """Return the face of a question as a hand-out shows it."""
    return face_of(question, lambda option: opaque(secret, quiz, question.id, option))


def plain_ids(secret: bytes, quiz: str, question: AnyQuestion) -> Mapping[str, str]:
    """Return the key's own ids by those of the hand-out.

    Raises:
        CourseError: two options have got the same one; another secret helps.
    """
    face = face_of(question)
    ids = [one.id for one in (*face.options, *face.lefts)]
    found = {opaque(secret, quiz, question.id, one): one for one in ids}
    if len(found) < len(ids):
        problem = f"two options of `{question.id}` get the same id with this secret; take another one"
        raise CourseError(Path(f"{quiz}.yaml"), problem)
    return found


def public_file(quiz: Quiz, secret: bytes) -> PublicFile:
    """Return what a learner gets of a quiz: its key where it is for practice, faces alone otherwise.

    Raises:
        CourseError: two options have got the same id; another secret helps.
    """
    for question in quiz.file.questions:
        plain_ids(secret, quiz.id, question)
    faces = tuple(public_face(secret, quiz.id, question) for question in quiz.file.questions)
    header = {name: getattr(quiz.file, name) for name in HEADER}
    return PublicFile(faces=faces, **header)


def edition_text(quiz: Quiz, secret: bytes) -> str:
    """Return the student's file of a quiz; the same course and secret give the same bytes.

    Raises:
        CourseError: the quiz cannot be read, or has options that get the same id.
    """
    if quiz.file.mode == "practice":
        lines = quiz.path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        return PRACTICE_NOTE + "".join(one for one in lines if not one.startswith(EDITOR_LINE))
    public = _plain(public_file(quiz, secret))
    faces = public.pop("faces")
    written = yaml.dump(
        {**public, "faces": faces},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=100,
    )
    return f"# {NOTE}\n{written}"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, which a person can read."""

    def represent_text(self, text: str) -> yaml.Node:
        style = "|" if "\n" in text.strip("\n") else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _plain(value: Any) -> Any:
    """Return dataclasses as mappings, without places and what is left at its default."""
    if dataclasses.is_dataclass(value):
        kept = {}
        for one in dataclasses.fields(value):
            found = getattr(value, one.name)
            if not isinstance(found, Place) and _plain(found) != _default(one):
                kept[one.name.rstrip("_")] = _plain(found)
        return kept
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


def _default(field: dataclasses.Field[Any]) -> Any:
    """Return the default of a field, as :func:`_plain` writes it; a field without any has ``MISSING``."""
    factory = field.default_factory
    return _plain(field.default) if factory is dataclasses.MISSING else _plain(factory())


# --- the folder ---------------------------------------------------------------------------------------


def full_quizzes(course: Course) -> list[Quiz]:
    """Read all quizzes of a course, with their keys.

    Raises:
        CourseError: one is malformed, or has no key because this is a hand-out.
    """
    for path in quiz_paths(course):
        if has_key(path, "faces"):
            raise CourseError(path, "is a hand-out's, without its key; go to the full course for this")
    return [load_quiz(path) for path in quiz_paths(course)]


def build_quizzes(quizzes: list[Quiz], secret: bytes, folder: Path, only: tuple[str, ...] = ()) -> list[Leak]:
    """Write the student's quizzes below a folder, unless what would lie there then tells an answer.

    Args:
        quizzes: all of the course: nothing of any key may lie there.
        folder: of the hand-out; what else is in it is looked through as well.
        only: ids of those to write; none means all.

    Returns:
        What leaks; nothing is written if there is anything.

    Raises:
        CourseError: a quiz cannot be written such that it reads the same.
    """
    built = [quiz for quiz in quizzes if not only or quiz.id in only]
    texts = {folder / "quizzes" / quiz.path.name: edition_text(quiz, secret) for quiz in built}
    leaks = find_leaks(folder, quizzes, secret.decode(), texts)
    if leaks:
        return leaks
    (folder / "quizzes").mkdir(parents=True, exist_ok=True)
    for quiz, (path, text) in zip(built, texts.items(), strict=True):
        _write(path, text)
        _require_same(quiz, path, secret)
    return []


def _write(path: Path, text: str) -> None:
    """Put a file in place in one step."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)


def _require_same(quiz: Quiz, path: Path, secret: bytes) -> None:
    """Read a written file back: a variant is drawn from what it says, to the last digit."""
    sheet = load_sheet(path)
    wanted: QuizFile | PublicFile = quiz.file if sheet.key else public_file(quiz, secret)
    if _plain(sheet.key or sheet.public) != _plain(wanted):
        with contextlib.suppress(OSError):
            path.unlink()
        raise CourseError(quiz.path, "reads otherwise once it is written; look for odd spaces in its texts")


def is_course_itself(course: Course, folder: Path) -> bool:
    """Whether building into a folder would write over the course's own quizzes."""
    return (folder / "quizzes").resolve() == (course.root / "quizzes").resolve()
