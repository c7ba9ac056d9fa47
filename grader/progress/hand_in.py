"""What a learner hands in: the file of answers, and one zip of all work, which a class is collected from.

The file of answers is written from the ledger, and read without trusting it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import __version__
from grader.checks.source import MAX_ARCHIVE_BYTES, FileRejected, open_archive, read_source
from grader.course import Course, CourseError, make_stub, parse_time, write_atomic, write_zip
from grader.progress import ANONYMOUS, Learner, Ledger, Response, Sitting, open_ledger

SCHEMA = "rnn-grader/submission/1"
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 256 * 1024
RESPONSES = "responses.json"
RESPONSES_SCHEMA = "rnn-grader/responses/1"
MAX_RESPONSES_BYTES = 4 * 2**20  # in a zip
MAX_BYTES = 8 * 2**20
MAX_NUMBER = 10**6
MAX_TEXT = 20_000
HANDED_IN = "question attempt version params answer certainty hints at".split()

QuizOf = tuple[str, int, Path]
"""A quiz as a document of answers names it: its id, its version, its file."""


class NotResponses(ValueError):
    """A file is no file of responses; the sentence says what is wrong with it."""


class SomethingElse(NotResponses):
    """It is JSON, but of another kind."""


class CannotBundle(Exception):
    """Nothing was written; the text says why, and what to do."""


@dataclass(frozen=True)
class QuizResponses:
    """All that one learner answered in one quiz.

    Args:
        version: of the quiz when the answers were exported.
        sha256: of the quiz's file as the learner had it.
        sittings: oldest first; their ids are their numbers.
        responses: oldest first; ``sitting`` is the sitting's number, ids count them.
    """

    quiz: str
    version: int
    sha256: str
    sittings: tuple[Sitting, ...]
    responses: tuple[Response, ...]


@dataclass(frozen=True)
class Handed:
    """What one file holds."""

    learner: Learner
    at: str
    quizzes: tuple[QuizResponses, ...]


# --- answers: writing ---------------------------------------------------------------------------------


def responses_document(ledger: Ledger, quizzes: Iterable[QuizOf], now: datetime.datetime) -> dict[str, Any]:
    """Return all answers of whoever is logged in, as the document to hand in.

    Args:
        quizzes: that it is about; those that were never begun are left out.
    """

    def sitting_object(sitting: Sitting) -> dict[str, Any]:
        here = [response for response in ledger.responses(sitting.quiz) if response.sitting == sitting.id]
        return {
            "number": sitting.number,
            "version": sitting.version,
            "mode": sitting.mode,
            "begun": sitting.at,
            "finished": sitting.finished,
            "questions": list(sitting.questions),
            "responses": [{name: getattr(response, name) for name in HANDED_IN} for response in here],
        }

    return {
        "schema": RESPONSES_SCHEMA,
        "grader_version": __version__,
        "at": now.isoformat(timespec="seconds"),
        "learner": {"id": ledger.learner.id, "name": ledger.learner.name},
        "quizzes": [
            {
                "quiz": quiz,
                "version": version,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "sittings": [sitting_object(sitting) for sitting in sittings],
            }
            for quiz, version, path in quizzes
            if (sittings := ledger.sittings(quiz))
        ],
    }


# --- answers: reading ---------------------------------------------------------------------------------


def read_responses(path: Path) -> Handed:
    """Read what somebody handed in.

    Raises:
        SomethingElse: it is JSON of another kind.
        NotResponses: it is missing, too large, or not of this form.
    """
    try:
        if path.is_symlink() or not path.is_file():
            raise NotResponses("is no plain file")
        if path.stat().st_size > MAX_BYTES:
            raise NotResponses(f"is larger than {MAX_BYTES // 2**20} MiB; export it anew")
        return parse_responses(path.read_bytes())
    except OSError as error:
        raise NotResponses(f"cannot be read: {error.strerror}") from None


def parse_responses(data: bytes) -> Handed:
    """Read what somebody handed in, from the bytes of its file.

    Raises:
        SomethingElse, NotResponses: as :func:`read_responses`.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise NotResponses("is no JSON; export it anew with `grader quiz responses`") from None
    if not isinstance(value, dict) or value.get("schema") != RESPONSES_SCHEMA:
        raise SomethingElse(f"is no `{RESPONSES_SCHEMA}` document; `grader quiz responses` writes one")
    document = _Object(value, "the file")
    who = _Object(value.get("learner"), "`learner`")
    try:
        learner = Learner(who.text("id"), who.text("name"))
    except ValueError as error:
        raise NotResponses(f"names a learner that cannot be: {error}") from None
    quizzes = tuple(map(_read_quiz, document.objects("quizzes", "quiz")))
    if len({quiz.quiz for quiz in quizzes}) != len(quizzes):
        raise NotResponses("has one quiz twice")
    return Handed(learner, document.time("at"), quizzes)


@dataclass(frozen=True)
class _Object:
    """An object of a document that may hold anything."""

    value: Any
    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.value, dict):
            raise NotResponses(f"has something else than an object for {self.name}")

    def text(self, key: str) -> str:
        value = self.value.get(key)
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise NotResponses(f"has no text `{key}` in {self.name}")
        return value

    def number(self, key: str, least: int = 1) -> int:
        value = self.value.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_NUMBER:
            raise NotResponses(f"has no whole number `{key}` from {least} in {self.name}")
        return value

    def time(self, key: str) -> str:
        text = self.text(key)
        try:
            return parse_time(text).astimezone(datetime.UTC).isoformat()
        except (ValueError, OverflowError):
            raise NotResponses(f"has no time with a zone `{key}` in {self.name}") from None

    def items(self, key: str) -> list[Any]:
        value = self.value.get(key)
        if not isinstance(value, list):
            raise NotResponses(f"has no list `{key}` in {self.name}")
        return value

    def objects(self, key: str, name: str) -> list[_Object]:
        return [_Object(value, f"{name} {number}") for number, value in enumerate(self.items(key), 1)]


def _read_quiz(part: _Object) -> QuizResponses:
    quiz = part.text("quiz")
    numbered = {each.number("number"): each for each in part.objects("sittings", f"a sitting of {quiz}:")}
    if len(numbered) != len(part.items("sittings")):
        raise NotResponses(f"has one sitting of {quiz} twice")
    sittings: list[Sitting] = []
    responses: list[Response] = []
    for number, sitting in sorted(numbered.items()):
        questions = sitting.items("questions")
        if not all(isinstance(question, str) for question in questions):
            raise NotResponses(f"has something else than texts in `questions` of {sitting.name}")
        header = sitting.number("version"), sitting.text("mode"), number, tuple(questions)
        finished = None if sitting.value.get("finished") is None else sitting.time("finished")
        sittings.append(Sitting(number, quiz, *header, sitting.time("begun"), finished))
        responses += [_read_answer(answer, quiz, number) for answer in sitting.objects("responses", "answer")]
    sha256 = part.text("sha256")
    return QuizResponses(quiz, part.number("version"), sha256, tuple(sittings), _numbered(responses))


def _read_answer(part: _Object, quiz: str, sitting: int) -> Response:
    certainty = None if part.value.get("certainty") is None else part.number("certainty")
    if certainty not in (None, 1, 2, 3):
        raise NotResponses(f"has a certainty of {certainty} in {part.name}; it is 1, 2 or 3")
    return Response(
        sitting=sitting,
        quiz=quiz,
        version=part.number("version"),
        question=part.text("question"),
        attempt=part.number("attempt"),
        params=part.text("params"),
        answer=part.text("answer"),
        certainty=certainty,
        hints=part.number("hints", 0),
        at=part.time("at"),
    )


def _numbered(responses: Iterable[Response]) -> tuple[Response, ...]:
    return tuple(dataclasses.replace(response, id=count) for count, response in enumerate(responses, 1))


def merged(handed: list[QuizResponses]) -> tuple[QuizResponses, list[int]]:
    """Return one learner's answers to one quiz out of several files: of every sitting, the newest state.

    Args:
        handed: at least one; the first is the newest file.

    Returns:
        The answers, and the numbers of the sittings of which another file holds something else.
    """
    states: dict[int, list[tuple[Sitting, list[Response]]]] = {}
    for each in handed:
        for sitting in each.sittings:
            answers = [response for response in each.responses if response.sitting == sitting.id]
            states.setdefault(sitting.number, []).append((sitting, answers))
    sittings: list[Sitting] = []
    responses: list[Response] = []
    differing: list[int] = []

    def age(state: tuple[Sitting, list[Response]]) -> tuple[str, int]:
        return max((answer.at for answer in state[1]), default=""), len(state[1])

    def said(answers: list[Response]) -> set[tuple[str, int, str, str]]:
        return {(answer.question, answer.attempt, answer.params, answer.answer) for answer in answers}

    for number, of_files in sorted(states.items()):
        sitting, answers = max(of_files, key=age)
        if any(said(others) - said(answers) for _, others in of_files):
            differing.append(number)
        sittings.append(sitting)
        responses += answers
    whole = dataclasses.replace(handed[0], sittings=tuple(sittings), responses=_numbered(responses))
    return whole, differing


# --- the zip ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bundle:
    """What will be handed in.

    Args:
        at: when it was put together.
        files: bytes by name in the zip, without the manifest.
        missing: what the learner should know before handing it in, one sentence each.
    """

    learner: Learner
    at: datetime.datetime
    files: Mapping[str, bytes]
    missing: tuple[str, ...]

    def manifest(self) -> dict[str, Any]:
        """Return what ``manifest.json`` says."""
        return {
            "schema": SCHEMA,
            "grader_version": __version__,
            "at": self.at.isoformat(timespec="seconds"),
            "learner": {"id": self.learner.id, "name": self.learner.name},
            "files": [
                {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
                for name, data in self.files.items()
            ],
        }

    def to_bytes(self) -> bytes:
        """Return the zip; only the time tells apart two of the same work.

        Raises:
            CannotBundle: it is larger than what the grader reads.
        """
        target = io.BytesIO()
        write_zip({MANIFEST: _as_json(self.manifest()), **self.files}, target)
        if len(target.getvalue()) > MAX_ARCHIVE_BYTES:
            most = f"more than {MAX_ARCHIVE_BYTES // 2**20} MiB"
            raise CannotBundle(f"the bundle has {most}, which nobody can grade; make your files smaller")
        return target.getvalue()


def gather(course: Course, quizzes: list[QuizOf], now: datetime.datetime) -> Bundle:
    """Read what whoever is logged in wrote and answered.

    Args:
        quizzes: all of the course.

    Raises:
        CannotBundle: nobody is logged in.
        CourseError: an exercise is malformed.
        LedgerError: the answers cannot be read.
    """
    with open_ledger(course) as ledger:
        learner, answers = ledger.learner, responses_document(ledger, quizzes, now)
    if learner == ANONYMOUS:
        raise CannotBundle("nobody is logged in; say whose work this is with `grader login NAME`")
    files: dict[str, bytes] = {}
    missing: list[str] = []
    for exercise in course.exercises():
        source = read_source(exercise)
        if not source.problem:
            files[f"exercises/{exercise.id}/{source.name}"] = source.data
            with contextlib.suppress(CourseError):  # a fault of the course should keep nobody from handing in
                if source.data.splitlines() == make_stub(exercise).encode().splitlines():
                    missing.append(f"{exercise.id}: {source.name} is still the stub")
        else:
            missing.append(f"{exercise.id} is left out: {source.problem}")
    if answers["quizzes"]:
        files[RESPONSES] = _as_json(answers)
        if len(files[RESPONSES]) > MAX_RESPONSES_BYTES:
            raise CannotBundle(f"your answers take more than {MAX_RESPONSES_BYTES // 2**20} MiB")
    sittings = {quiz["quiz"]: quiz["sittings"] for quiz in answers["quizzes"]}
    ids = [quiz for quiz, _, _ in quizzes]
    given = [quiz for quiz in ids if any(sitting["responses"] for sitting in sittings.get(quiz, []))]
    missing += [f"quiz {quiz}: no answers" for quiz in ids if quiz not in given]
    for quiz, last in ((quiz, sittings[quiz][-1]) for quiz in given):
        if not last["finished"]:
            count = len({response["question"] for response in last["responses"]})
            missing.append(f"quiz {quiz}: not finished, {count} of {len(last['questions'])} answered")
    return Bundle(learner, now, files, tuple(missing))


def _as_json(document: Any) -> bytes:
    return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n".encode()


def write_bundle(bundle: Bundle, path: Path, *, force: bool = False) -> None:
    """Write a bundle, whole or not at all.

    Args:
        force: replace whatever file is there, not only an earlier bundle of the same learner.

    Raises:
        CannotBundle: something else is there, or it cannot be written.
    """
    data = bundle.to_bytes()
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise CannotBundle(f"{path} is there, and is no plain file; name another one with -o")
    if path.exists() and not force and _owner(path) != bundle.learner.id:
        problem = f"{path} is there, and is no bundle of {bundle.learner.name}'s"
        raise CannotBundle(f"{problem}; name another file with -o, or replace it with --force")
    try:
        write_atomic(path, data)
    except OSError as error:
        raise CannotBundle(
            f"{path} cannot be written: {error.strerror}; name another place with -o"
        ) from None


def _owner(path: Path) -> str | None:
    """Return the id of the learner whose bundle a file is; None if it is none."""
    try:
        manifest = json.loads(open_archive(path).read(MANIFEST, MAX_MANIFEST_BYTES))
        return str(manifest["learner"]["id"]) if manifest["schema"] == SCHEMA else None
    except (FileRejected, OSError, ValueError, RecursionError, KeyError, TypeError):
        return None
