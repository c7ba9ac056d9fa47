"""What the tests of a learner's record share: reports, answers, the file behind the ledger's back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.checks.report import Outcome, Report
from grader.course import Course
from grader.progress import Learner, Ledger, Response

ADA, BEN = Learner("ada", "Ada"), Learner("ben", "Ben")


TWO = Report(
    "exercise-1",
    "Doubling",
    (
        Outcome("check_double_values", "t", "double", "passed", 2),
        Outcome("check_scale_values", "t", "scale", "failed", 3, "off"),
    ),
)


ALL = replace(TWO, outcomes=tuple(replace(one, status="passed") for one in TWO.outcomes))


SMALLER = replace(TWO, outcomes=TWO.outcomes[:1])


def database(course: Course) -> Path:
    return course.state_folder / "progress.db"


@contextlib.contextmanager
def raw(course: Course) -> Iterator[sqlite3.Connection]:
    """Open the file behind the ledger's back."""
    connection = sqlite3.connect(database(course), isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def answer(ledger: Ledger, question: str = "half", score: float | None = 0.6, quiz: str = "gates") -> int:
    """Answer a question in the open sitting, or in a new one; it is marked unless there is no score."""
    unfinished = [one for one in ledger.sittings(quiz) if one.finished is None]
    sitting = unfinished[0] if unfinished else ledger.begin(quiz, 3, "practice", (question,))
    attempt = len(ledger.responses(quiz, question)) + 1
    response = ledger.respond(Response(sitting.id, quiz, 3, question, attempt, '{"k":7}', " 6.58 \n", 2, 1))
    if score is not None:
        ledger.mark(response, 3, score, "partly right")
    return response


def best(ledger: Ledger) -> dict[str, int]:
    return {exercise: state.earned for exercise, state in ledger.best_checks().items()}
