"""Bundles what a learner wrote and answered into one zip to hand in, which a class is collected from."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import __version__
from grader.checks.source import MAX_ARCHIVE_BYTES, FileRejected, open_archive, read_source
from grader.course import Course, CourseError
from grader.course.files import write_atomic, write_zip
from grader.course.stub import make_stub
from grader.progress.ledger import ANONYMOUS, Learner, open_ledger
from grader.progress.responses import QuizOf, responses_document

SCHEMA = "rnn-grader/submission/1"
MANIFEST = "manifest.json"
RESPONSES = "responses.json"
MAX_MANIFEST_BYTES = 256 * 1024
MAX_RESPONSES_BYTES = 4 * 2**20


class CannotBundle(Exception):
    """Nothing was written; the text says why, and what to do."""


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
    missing += _unanswered([quiz for quiz, _, _ in quizzes], answers)
    return Bundle(learner, now, files, tuple(missing))


def _as_json(document: Any) -> bytes:
    return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n".encode()


def _unanswered(quizzes: list[str], answers: dict[str, Any]) -> list[str]:
    """Say which quizzes have no answers, and which sittings are not over."""
    sittings = {quiz["quiz"]: quiz["sittings"] for quiz in answers["quizzes"]}
    given = [quiz for quiz in quizzes if any(sitting["responses"] for sitting in sittings.get(quiz, []))]
    found = [f"quiz {quiz}: no answers" for quiz in quizzes if quiz not in given]
    for quiz, last in ((quiz, sittings[quiz][-1]) for quiz in given):
        if not last["finished"]:
            count = len({response["question"] for response in last["responses"]})
            found.append(f"quiz {quiz}: not finished, {count} of {len(last['questions'])} answered")
    return found


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
