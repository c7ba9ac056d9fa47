"""The file of answers that a learner hands in: written from the ledger, read without trusting it."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import __version__
from grader.course import parse_time
from grader.progress.learner import Learner
from grader.progress.ledger import Ledger, Response, Sitting

SCHEMA = "rnn-grader/responses/1"
MAX_BYTES = 8 * 2**20
MAX_NUMBER = 10**6
MAX_TEXT = 20_000
HANDED_IN = "question attempt version params answer certainty hints at".split()


class NotResponses(ValueError):
    """A file is no file of responses; the sentence says what is wrong with it."""


class SomethingElse(NotResponses):
    """It is JSON, but of another kind."""


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


# --- writing ------------------------------------------------------------------------------------------


QuizOf = tuple[str, int, Path]
"""A quiz as a document of answers names it: its id, its version, its file."""


def responses_document(ledger: Ledger, quizzes: Iterable[QuizOf], now: datetime.datetime) -> dict[str, Any]:
    """Return all answers of whoever is logged in, as the document to hand in.

    Args:
        quizzes: that it is about; those that were never begun are left out.
    """
    learner = ledger.learner
    return {
        "schema": SCHEMA,
        "grader_version": __version__,
        "at": now.isoformat(timespec="seconds"),
        "learner": {"id": learner.id, "name": learner.name},
        "quizzes": [_quiz(ledger, *quiz) for quiz in quizzes if ledger.sittings(quiz[0])],
    }


def _quiz(ledger: Ledger, quiz: str, version: int, path: Path) -> dict[str, Any]:
    responses = ledger.responses(quiz)
    return {
        "quiz": quiz,
        "version": version,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "sittings": [
            {
                "number": sitting.number,
                "version": sitting.version,
                "mode": sitting.mode,
                "begun": sitting.at,
                "finished": sitting.finished,
                "questions": list(sitting.questions),
                "responses": [
                    {name: getattr(response, name) for name in HANDED_IN}
                    for response in responses
                    if response.sitting == sitting.id
                ],
            }
            for sitting in ledger.sittings(quiz)
        ],
    }


# --- reading ------------------------------------------------------------------------------------------


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
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise SomethingElse(f"is no `{SCHEMA}` document; `grader quiz responses` writes one")
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

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

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
        try:
            return parse_time(self.text(key)).astimezone(datetime.UTC).isoformat()
        except NotResponses:
            raise
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
    found = part.objects("sittings", f"a sitting of {quiz}:")
    named = [(sitting, sitting.number("number")) for sitting in found]
    if len({number for _, number in named}) != len(named):
        raise NotResponses(f"has one sitting of {quiz} twice")
    named.sort(key=lambda pair: pair[1])
    sittings = tuple(_sitting(sitting, quiz, number) for sitting, number in named)
    responses = _numbered(
        _answer(answer, quiz, number)
        for sitting, number in named
        for answer in sitting.objects("responses", "answer")
    )
    return QuizResponses(quiz, part.number("version"), part.text("sha256"), sittings, responses)


def _numbered(responses: Iterable[Response]) -> tuple[Response, ...]:
    return tuple(dataclasses.replace(response, id=count) for count, response in enumerate(responses, 1))


def _sitting(part: _Object, quiz: str, number: int) -> Sitting:
    questions = part.items("questions")
    if not all(isinstance(question, str) for question in questions):
        raise NotResponses(f"has something else than texts in `questions` of {part.name}")
    return Sitting(
        id=number,
        quiz=quiz,
        version=part.number("version"),
        mode=part.text("mode"),
        number=number,
        questions=tuple(questions),
        at=part.time("begun"),
        finished=part.time("finished") if part.has("finished") else None,
    )


def _answer(part: _Object, quiz: str, sitting: int) -> Response:
    certainty = part.number("certainty") if part.has("certainty") else None
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


def merged(handed: list[QuizResponses], differs: Callable[[int], None]) -> QuizResponses:
    """Return one learner's answers to one quiz out of several files: of every sitting, the newest state.

    Args:
        handed: at least one; the first is the newest file.
        differs: is told the number of a sitting of which another file holds something else.
    """
    states: dict[int, list[tuple[Sitting, tuple[Response, ...]]]] = {}
    for each in handed:
        for sitting in each.sittings:
            answers = tuple(response for response in each.responses if response.sitting == sitting.id)
            states.setdefault(sitting.number, []).append((sitting, answers))
    sittings: list[Sitting] = []
    responses: list[Response] = []

    def newest(state: tuple[Sitting, tuple[Response, ...]]) -> tuple[str, int]:
        return max((response.at for response in state[1]), default=""), len(state[1])

    def said(answers: tuple[Response, ...]) -> set[tuple[str, int, str, str]]:
        return {(answer.question, answer.attempt, answer.params, answer.answer) for answer in answers}

    for number in sorted(states):
        sitting, answers = max(states[number], key=newest)
        if any(said(others) - said(answers) for _, others in states[number]):
            differs(number)
        sittings.append(sitting)
        responses += answers
    return dataclasses.replace(handed[0], sittings=tuple(sittings), responses=_numbered(responses))
