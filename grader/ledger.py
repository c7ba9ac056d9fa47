"""Remembers what a learner did in this course: an append-only SQLite file, ``.grader/progress.db``.

Balances are never stored; they are derived from the events.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader import __version__
from grader.course import Course
from grader.report.model import Report, Status

SCHEMA_VERSION = 1
BUSY_SECONDS = 10.0
SCHEMA = """
CREATE TABLE checked (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    exercise TEXT NOT NULL,
    earned INTEGER NOT NULL,
    credits INTEGER NOT NULL,
    outcomes TEXT NOT NULL,
    seed INTEGER NOT NULL,
    source_sha256 TEXT NOT NULL,
    grader_version TEXT NOT NULL
) STRICT;
CREATE INDEX checked_by_exercise ON checked (exercise, id);
CREATE TABLE hinted (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    exercise TEXT NOT NULL,
    function TEXT NOT NULL
) STRICT;
"""


class LedgerError(Exception):
    """The file cannot be read or written; the text says which one and why."""


@dataclass(frozen=True)
class Progress:
    """The state of one exercise as of its last check.

    Args:
        earned: credits.
        credits: credits there are.
        at: when, ISO 8601 in UTC.
        outcomes: what each check found, by its name.
    """

    earned: int
    credits: int
    at: str
    outcomes: Mapping[str, Status]

    @property
    def done(self) -> bool:
        """Whether every check passed."""
        return bool(self.outcomes) and set(self.outcomes.values()) == {"passed"}


class Ledger:
    """The events of one course folder. Safe with two terminals at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def record(self, report: Report) -> None:
        """Append what a check of an exercise found."""
        outcomes = {outcome.check: outcome.status for outcome in report.outcomes}
        self._connection.execute(
            "INSERT INTO checked"
            " (at, exercise, earned, credits, outcomes, seed, source_sha256, grader_version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                _now(),
                report.exercise,
                report.earned,
                report.credits,
                json.dumps(outcomes),
                report.seed,
                report.source_sha256,
                __version__,
            ),
        )

    def latest(self, exercise: str) -> Progress | None:
        """Return the state of an exercise as of its last check; None if it was never checked."""
        row = self._connection.execute(
            "SELECT earned, credits, at, outcomes FROM checked WHERE exercise = ? ORDER BY id DESC LIMIT 1",
            (exercise,),
        ).fetchone()
        return Progress(row[0], row[1], row[2], json.loads(row[3])) if row else None

    def hints_shown(self, exercise: str, function: str) -> int:
        """Return how many hints on a function were shown so far."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM hinted WHERE exercise = ? AND function = ?", (exercise, function)
        ).fetchone()
        return int(count)

    def record_hint(self, exercise: str, function: str) -> None:
        """Append that one more hint was shown."""
        self._connection.execute(
            "INSERT INTO hinted (at, exercise, function) VALUES (?, ?, ?)", (_now(), exercise, function)
        )


@contextmanager
def open_ledger(course: Course) -> Iterator[Ledger]:
    """Open a course's ledger; it is made at its first use. What is recorded inside is kept all or nothing.

    Raises:
        LedgerError: the file cannot be made, read or written, or is from a newer grader.
    """
    path = course.state_folder / "progress.db"
    try:
        course.state_folder.mkdir(exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            _prepare(connection, path)
            yield Ledger(connection)
            connection.execute("COMMIT")
        finally:
            connection.close()  # without a commit, nothing has happened
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(f"{path} cannot be used ({error}); move it away to start a new one") from None


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise LedgerError(f"{path} was written by a newer grader; update rnn-grader")
    if version == 0:
        for statement in filter(str.strip, SCHEMA.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
