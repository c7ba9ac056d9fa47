"""What a learner hands in: the file of answers, and one zip of all work, which a class is collected from.

The file of answers is written from the ledger, and read without trusting it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import json
import platform
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from grader import __version__
from grader.checks.files import FileRejected, open_zip, read_plain
from grader.checks.source import read_source
from grader.course import YEARS, CannotDo, Course, CourseError, is_stub, parse_time, write_atomic, zipped
from grader.progress import ANONYMOUS, Learner, Ledger, Response, Sitting, open_ledger
from grader.sandbox.text import one_line

SCHEMA = "rnn-grader/submission/1"
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 256 * 1024
RESPONSES = "responses.json"
RESPONSES_SCHEMA = "rnn-grader/responses/1"
MAX_RESPONSES_BYTES = 4 * 2**20  # in a zip
MAX_BYTES = 8 * 2**20
MAX_BUNDLE_BYTES = 8 * 2**20
MAX_NUMBER = 10**6
NUMBERS = {  # bounds of those that may be others than 1 to a million, by what they are called
    **dict.fromkeys("hints credits earned flagged".split(), (0, MAX_NUMBER)),
    "seed": (0, 2**32),
    "certainty": (1, 3),
}
COUNTS = frozenset(NUMBERS) | {"version", "number", "attempt"}
TIMES = ("at", "begun", "finished")
TEXTS = "id name course questions params answer arithmetic outcomes state due".split()  # of any characters
OPTIONAL = ("certainty", "finished")
MAX_DIGITS = 19
MAX_WORD, MAX_TEXT = 200, 20_000  # characters of an id, of an answer
MAX_SITTINGS, MAX_ANSWERS, MAX_QUESTIONS = 5_000, 20_000, 1_000  # of a file, of a file, of a sitting
MAX_QUIZZES = 100_000
MAX_ASKED, MAX_QUESTION = 10, 1_000  # questions about verdicts, and characters of one
HALF = re.compile("[\ud800-\udfff]")  # of a character, which nothing can store
PROGRESS_SCHEMA = "rnn-grader/progress/1"
CURES = {
    PROGRESS_SCHEMA: "write it anew, with `grader backup` or on the course's website",
    SCHEMA: "make it anew with `grader submit`",
    RESPONSES_SCHEMA: "export it anew with `grader quiz responses`",
}
SITTING = "number version mode begun finished".split()
HANDED_IN = "question attempt version params answer certainty hints at".split()
QuizOf = tuple[str, int, Path]
"""A quiz as a document of answers names it: its id, its version, its file."""


class BadDocument(ValueError):
    """A file that was handed in is not of its form; the sentence says what is wrong, where, and the cure."""


class SomethingElse(BadDocument):
    """It is JSON, but of another kind."""


@dataclass(frozen=True)
class QuizResponses:
    """All that one learner answered in one quiz."""

    quiz: str
    version: int  # of the quiz when the answers were exported
    sha256: str  # of the quiz's file as the learner had it
    sittings: tuple[Sitting, ...]  # oldest first; their ids are their numbers
    responses: tuple[Response, ...]  # oldest first; ``sitting`` is the sitting's number, ids count them

    def follows(self, earlier: QuizResponses) -> bool:
        """Whether these hold all that the earlier ones do, and go on from there."""
        if earlier is self:
            return True
        own, theirs = defaultdict[int, list[Response]](list), defaultdict[int, list[Response]](list)
        for of_sitting, answers in ((own, self), (theirs, earlier)):
            for response in answers.responses:
                of_sitting[response.sitting].append(dataclasses.replace(response, id=0))
        sittings = {sitting.number: sitting for sitting in self.sittings}
        for before in earlier.sittings:
            now, given = sittings.get(before.number), theirs[before.number]
            if now is None or dataclasses.replace(now, finished=before.finished) != before:
                return False
            if before.finished not in (None, now.finished) or own[now.number][: len(given)] != given:
                return False
        return True


@dataclass(frozen=True)
class Handed:
    """What one file holds."""

    learner: Learner
    quizzes: tuple[QuizResponses, ...]


# --- answers: writing ---------------------------------------------------------------------------------


def responses_document(ledger: Ledger, quizzes: Collection[QuizOf], now: datetime.datetime) -> dict[str, Any]:
    """Return all answers of whoever is logged in to quizzes that were begun, as the document to hand in."""
    documents = []
    for quiz, version, path in quizzes:
        of_sitting = defaultdict[int, list[dict[str, Any]]](list)
        for response in ledger.responses(quiz):
            of_sitting[response.sitting].append({name: getattr(response, name) for name in HANDED_IN})
        sittings = [
            {
                **{name: getattr(sitting, name) for name in SITTING},
                "questions": list(sitting.questions),
                "responses": of_sitting[sitting.id],
            }
            for sitting in ledger.sittings(quiz)
        ]
        if sittings:
            sha256 = text_hashes(path.read_bytes())[0]
            documents.append({"quiz": quiz, "version": version, "sha256": sha256, "sittings": sittings})
    return {
        "schema": RESPONSES_SCHEMA,
        "grader_version": __version__,
        "at": now.isoformat(timespec="seconds"),
        "learner": {"id": ledger.learner.id, "name": ledger.learner.name},
        "quizzes": documents,
    }


def text_hashes(data: bytes) -> tuple[str, ...]:
    """Return SHA-256 hashes of the forms of a text file; the first is the one to write down."""
    return tuple(hashlib.sha256(form).hexdigest() for form in text_forms(data))


def text_forms(data: bytes) -> tuple[bytes, ...]:
    """Return a text file with plain line ends, as it is, and with those of Windows; git changes them."""
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return plain, data, plain.replace(b"\n", b"\r\n")


# --- documents that somebody else wrote -----------------------------------------------------------------


def read_document(data: bytes, schema: str) -> Part:
    """Read a JSON document of some form that was handed in; values are then taken from it within bounds.

    It is in UTF-8, or in what else JSON may come in; Windows writes UTF-16. SomethingElse says that it is
    JSON of another kind; BadDocument, that it is none, names something twice, or holds a number that no file
    of ours holds.
    """
    cure = CURES[schema]

    def number(text: str) -> float:
        value = float(text) if text.strip("-0123456789") or len(text) > MAX_DIGITS else int(text)
        if isinstance(value, float) and not abs(value) < 10.0**MAX_DIGITS:  # nor is it infinite, or no number
            problem = f"holds the number {text[:20]}, which is beyond all that is written there"
            raise BadDocument(f"{problem}; {cure}")
        return value

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise BadDocument(f"has `{one_line(name, 40)}` twice in one object; {cure}")
            found[name] = value
        return found

    hooks: dict[str, Any] = {"parse_int": number, "parse_float": number, "parse_constant": number}
    try:
        value = json.loads(data.decode(json.detect_encoding(data)), object_pairs_hook=unique, **hooks)
    except BadDocument:
        raise
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadDocument(f"is no JSON{where}; {cure}") from None
    if not isinstance(value, dict) or value.get("schema") != schema:
        raise SomethingElse(f"is no `{schema}` document; {cure}")
    return Part(value, "the file", cure)


class Part(NamedTuple):
    """An object of a document that may hold anything, and what to call it."""

    value: Any
    name: str
    cure: str

    def bad(self, problem: str) -> BadDocument:
        """Return the error that says what is wrong here, and the cure."""
        return BadDocument(f"{problem} in {self.name}; {self.cure}")

    def part(self, key: str, value: Any, name: str) -> Part:
        """Return an object inside this one."""
        if not isinstance(value, dict):
            raise self.bad(f"has something else than an object in `{key}`")
        return Part(value, name, self.cure)

    def words(self, key: str, values: list[Any]) -> tuple[str, ...]:
        """Return the values of a list as short texts that can be shown as they are."""
        for value in values:
            if not isinstance(value, str) or len(value) > MAX_WORD or not value.isprintable():
                raise self.bad(f"has something else than a printable id in `{key}`")
        return tuple(values)

    def read(self, key: str) -> Any:
        """Return what stands under a name, within the bounds of what is called so.

        It is a whole number, a time in UTC (ISO 8601), a text that can be written down again, or else a short
        one that can be shown as it is: an id, a mode, a hash.
        """
        value = self.value.get(key)
        if key in OPTIONAL and value is None:
            return None
        if key in COUNTS:
            least, most = NUMBERS.get(key, (1, MAX_NUMBER))
            if type(value) is not int or not least <= value <= most:
                raise self.bad(f"has no whole number `{key}` from {least} to {most}")
            return value
        if key not in (*TIMES, *TEXTS):
            return self.words(key, [value])[0]
        most = MAX_WORD if key in TIMES else MAX_TEXT
        if not isinstance(value, str) or len(value) > most or HALF.search(value):
            raise self.bad(f"has no text `{key}` of at most {most} characters")
        if key in TEXTS:
            return value
        try:
            return parse_time(value).astimezone(datetime.UTC).isoformat()
        except ValueError:
            years = f"in the years {YEARS[0]} to {YEARS[-1]}"
            raise self.bad(f"has no time with a zone `{key}` {years}") from None

    def items(self, key: str, most: int) -> list[Any]:
        """Return a list of so many entries at the most."""
        value = self.value.get(key)
        if not isinstance(value, list):
            raise self.bad(f"has no list `{key}`")
        if len(value) > most:
            raise self.bad(f"has more than {most} entries in `{key}`")
        return value


# --- answers: reading ---------------------------------------------------------------------------------


def read_responses(path: Path) -> Handed:
    """Read what somebody handed in; SomethingElse if it is JSON of another kind, else BadDocument."""
    try:
        return parse_responses(read_plain(path.parent, [path.name], MAX_BYTES))
    except (FileRejected, OSError) as error:
        told = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise BadDocument(told) from None


def parse_responses(data: bytes) -> Handed:
    """Read what somebody handed in, from the bytes of a file; errors are those of :func:`read_responses`."""
    document = read_document(data, RESPONSES_SCHEMA)
    who = document.part("learner", document.value.get("learner"), "`learner`")
    learner_id, name = who.read("id"), who.read("name")
    try:
        learner = Learner(learner_id, name)
    except ValueError as error:
        raise BadDocument(f"names a learner that cannot be: {error}") from None
    quizzes: dict[str, QuizResponses] = {}
    left = {"sittings": MAX_SITTINGS, "responses": MAX_ANSWERS}
    for count, value in enumerate(document.items("quizzes", MAX_QUIZZES), 1):
        quiz = _read_quiz(document.part("quizzes", value, f"quiz {count}"), left)
        if quiz.quiz in quizzes:
            raise document.bad(f"has the quiz {quiz.quiz} twice")
        quizzes[quiz.quiz] = quiz
    document.read("at")  # which has to be one
    return Handed(learner, tuple(quizzes.values()))


def _read_quiz(part: Part, left: dict[str, int]) -> QuizResponses:
    """Read the answers to one quiz; ``left`` tells how many sittings and answers the file may still hold."""
    quiz = part.read("quiz")
    numbered: dict[int, Part] = {}
    found = part.items("sittings", left["sittings"])
    left["sittings"] -= len(found)
    for count, value in enumerate(found, 1):
        sitting = part.part("sittings", value, f"sitting {count} of {quiz}")
        numbered[sitting.read("number")] = sitting
    if len(numbered) != len(found):
        raise part.bad(f"has one sitting of {quiz} twice")
    sittings: list[Sitting] = []
    responses: list[Response] = []
    for number, sitting in sorted(numbered.items()):
        questions = sitting.words("questions", sitting.items("questions", MAX_QUESTIONS))
        version, mode, begun, finished = map(sitting.read, ("version", "mode", "begun", "finished"))
        sittings.append(Sitting(number, quiz, version, mode, number, questions, begun, finished))
        given = sitting.items("responses", left["responses"])
        left["responses"] -= len(given)
        for count, value in enumerate(given, 1):
            answer = sitting.part("responses", value, f"answer {count} of {sitting.name}")
            told = {name: answer.read(name) for name in HANDED_IN}
            responses.append(Response(sitting=number, quiz=quiz, id=len(responses) + 1, **told))
    return QuizResponses(quiz, part.read("version"), part.read("sha256"), tuple(sittings), tuple(responses))


# --- the zip ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bundle:
    """What will be handed in."""

    learner: Learner
    at: datetime.datetime  # when it was put together
    files: Mapping[str, bytes]  # bytes by name in the zip, without the manifest
    missing: tuple[str, ...]  # what the learner should know before handing it in, one sentence each
    written: tuple[str, ...] = ()  # the exercises that are not the stub any more
    questions: tuple[str, ...] = ()  # about verdicts, to whoever grades

    def manifest(self) -> dict[str, Any]:
        """Return what ``manifest.json`` says."""
        import importlib.metadata  # which brings all of email

        return {
            "schema": SCHEMA,
            "grader_version": __version__,
            "python": platform.python_version(),
            "numpy": importlib.metadata.version("numpy"),
            "at": self.at.isoformat(timespec="seconds"),
            "learner": {"id": self.learner.id, "name": self.learner.name},
            "questions": list(self.questions),
            "files": [
                {"path": name, "sha256": text_hashes(data)[0], "bytes": len(data)}
                for name, data in self.files.items()
            ],
        }

    def to_bytes(self) -> bytes:
        """Return the zip; only its time tells two of the same work apart. CannotDo if it is too large."""
        manifest = json.dumps(self.manifest(), indent=2, ensure_ascii=False)
        bundle = zipped({MANIFEST: f"{manifest}\n".encode(), **self.files})
        if len(bundle) > MAX_BUNDLE_BYTES:
            most = f"more than {MAX_BUNDLE_BYTES // 2**20} MiB"
            raise CannotDo(f"the bundle has {most}, which nobody can grade; make your files smaller")
        return bundle


def gather(
    course: Course, quizzes: list[QuizOf], now: datetime.datetime, questions: Sequence[str] = ()
) -> Bundle:
    """Read what whoever is logged in wrote, answered to all quizzes of the course, and asks about verdicts.

    CannotDo says that nobody is logged in, or that a question is too long. Or CourseError, LedgerError.
    """
    if len(questions) > MAX_ASKED or any(len(text) > MAX_QUESTION or not text.strip() for text in questions):
        raise CannotDo(f"ask at most {MAX_ASKED} questions, of 1 to {MAX_QUESTION} characters each")
    with open_ledger(course) as ledger:
        learner, answers = ledger.learner, responses_document(ledger, quizzes, now)
    if learner == ANONYMOUS:
        raise CannotDo("nobody is logged in; say whose work this is with `grader login NAME`")
    files: dict[str, bytes] = {}
    missing: list[str] = []
    written = []
    for exercise in course.exercises():
        source = read_source(exercise)
        if source.problem:
            missing.append(f"{exercise.id} is left out: {source.problem}")
            continue
        files[f"exercises/{exercise.id}/{source.name}"] = source.data
        with contextlib.suppress(CourseError):  # a fault of the course should keep nobody from handing in
            if is_stub(exercise, source.data):
                missing.append(f"{exercise.id}: {source.name} is still the stub")
            else:
                written.append(exercise.id)
    if answers["quizzes"]:
        files[RESPONSES] = f"{json.dumps(answers, indent=2, ensure_ascii=False)}\n".encode()
        if len(files[RESPONSES]) > MAX_RESPONSES_BYTES:
            raise CannotDo(f"your answers take more than {MAX_RESPONSES_BYTES // 2**20} MiB")
    sittings = {  # a review of what was missed says nothing of whether the quiz is done
        quiz["quiz"]: [sitting for sitting in quiz["sittings"] if sitting["mode"] != "review"]
        for quiz in answers["quizzes"]
    }
    ids = [quiz for quiz, _, _ in quizzes]
    given = [quiz for quiz in ids if any(sitting["responses"] for sitting in sittings.get(quiz, []))]
    missing += [f"quiz {quiz}: no answers" for quiz in ids if quiz not in given]
    for quiz, last in ((quiz, sittings[quiz][-1]) for quiz in given):
        if not last["finished"]:
            count = len({response["question"] for response in last["responses"]})
            missing.append(f"quiz {quiz}: not finished, {count} of {len(last['questions'])} answered")
    return Bundle(learner, now, files, tuple(missing), tuple(written), tuple(questions))


def write_bundle(bundle: Bundle, path: Path, *, force: bool = False) -> None:
    """Write a bundle, whole or not at all; without force, over an earlier one of the same learner only.

    CannotDo says that something else is there, or that it cannot be written.
    """
    data = bundle.to_bytes()
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise CannotDo(f"{path} is there, and is no plain file; name another one with -o")
    if path.exists() and not force:
        owner = None
        with contextlib.suppress(FileRejected, OSError, ValueError, KeyError, TypeError):
            with open_zip(path) as archive:
                manifest = read_document(archive.read_outermost(MANIFEST, MAX_MANIFEST_BYTES), SCHEMA).value
            owner = str(manifest["learner"]["id"])
        if owner != bundle.learner.id:
            problem = f"{path} is there, and is no bundle of {bundle.learner.name}'s"
            raise CannotDo(f"{problem}; name another file with -o, or replace it with --force")
    try:
        write_atomic(path, data)
    except OSError as error:
        problem = f"{path} cannot be written: {error.strerror}"
        raise CannotDo(f"{problem}; name another place with -o") from None
