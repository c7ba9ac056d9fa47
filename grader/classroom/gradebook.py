"""The gradebook of a class: one SQLite file, which is all that grading leaves behind."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from grader.checks.report import Report, reports_from_json, reports_to_json
from grader.classroom.grades import Adjustment, ClassGrades, ExerciseGrade, Grade, Item, QuizResult
from grader.classroom.late import late_adjustments
from grader.course import Course
from grader.progress.database import BUSY_SECONDS, LedgerError, choose_journal, explained

FILE = "grades.db"
VERSION = 1
TABLES = (
    """CREATE TABLE submissions (
        submission TEXT PRIMARY KEY,
        learner_id TEXT NOT NULL,
        learner_name TEXT NOT NULL,
        received TEXT NOT NULL,
        problem TEXT NOT NULL,
        notes TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE reports (
        submission TEXT NOT NULL REFERENCES submissions (submission),
        exercise TEXT NOT NULL,
        key TEXT NOT NULL,
        seconds REAL NOT NULL,
        report TEXT NOT NULL,
        PRIMARY KEY (submission, exercise)
    ) STRICT""",
    """CREATE TABLE quizzes (
        submission TEXT PRIMARY KEY REFERENCES submissions (submission),
        key TEXT NOT NULL,
        results TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE adjustments (
        id TEXT PRIMARY KEY,
        at TEXT NOT NULL,
        submission TEXT NOT NULL,
        exercise TEXT NOT NULL,
        cents INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT""",
    *(
        f"""CREATE TRIGGER adjustments_no_{order.lower()} BEFORE {order} ON adjustments
        BEGIN SELECT RAISE(ABORT, 'an adjustment is never changed; make another one'); END"""
        for order in ("UPDATE", "DELETE")
    ),
)


@dataclass(frozen=True)
class Handing:
    """A submission as the gradebook knows it.

    Args:
        received: when it arrived, in UTC.
        problem: why it could not be graded; empty if it could.
        notes: what whoever grades should know.
    """

    submission: str
    learner_id: str
    learner_name: str
    received: datetime.datetime
    problem: str = ""
    notes: tuple[str, ...] = ()


class GradedReport(NamedTuple):
    """A report, and the key of all that it depends on; empty if it should be made anew the next time."""

    key: str
    report: Report


class ManualAdjustment(NamedTuple):
    """What an instructor gave or took, and why."""

    at: str
    submission: str
    exercise: str
    cents: int
    reason: str

    @property
    def id(self) -> str:
        """The same for the same event in two files."""
        return hashlib.sha256("\n".join(map(str, self)).encode()).hexdigest()


class Gradebook:
    """Reads and writes the file; what was stored, survives the death of this program."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- what was graded --

    def report_keys(self) -> dict[tuple[str, str], str]:
        """Return the key of every report, by submission and exercise."""
        rows = self._connection.execute("SELECT submission, exercise, key FROM reports")
        return {(submission, exercise): key for submission, exercise, key in rows}

    def quiz_keys(self) -> dict[str, str]:
        """Return the key of what was graded in quizzes, by submission."""
        return dict(self._connection.execute("SELECT submission, key FROM quizzes"))

    def enter(self, handings: Iterable[Handing]) -> None:
        """Keep what was handed in; what was graded before stays, unless there is a problem with it now."""
        handings = list(handings)
        rows = [
            (
                *(one.submission, one.learner_id, one.learner_name),
                *(one.received.isoformat(), one.problem, json.dumps(one.notes)),
            )
            for one in handings
        ]
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (submission) DO UPDATE SET"
                " learner_id = excluded.learner_id, learner_name = excluded.learner_name,"
                " received = excluded.received, problem = excluded.problem, notes = excluded.notes",
                rows,
            )
            for table in ("reports", "quizzes"):
                self._connection.executemany(
                    f"DELETE FROM {table} WHERE submission = ?",
                    [(one.submission,) for one in handings if one.problem],
                )

    def store_reports(self, graded: Sequence[tuple[str, GradedReport]]) -> None:
        """Keep reports, each with its submission's name, in one transaction."""
        rows = [
            (name, one.report.exercise, one.key, one.report.seconds, reports_to_json([_timeless(one.report)]))
            for name, one in graded
        ]
        with self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?)", rows)

    def store_quizzes(self, submission: str, key: str, results: Iterable[QuizResult]) -> None:
        """Keep what one submission earned in quizzes."""
        row = submission, key, json.dumps([list(one) for one in results], ensure_ascii=False)
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO quizzes VALUES (?, ?, ?)", row)

    # -- what an instructor decides --

    def adjust(self, adjustment: ManualAdjustment) -> None:
        """Keep an adjustment; a regrade does not touch it."""
        with self._transaction():
            row = adjustment.id, *adjustment
            self._connection.execute("INSERT OR IGNORE INTO adjustments VALUES (?, ?, ?, ?, ?, ?)", row)

    def adjustments(self) -> list[ManualAdjustment]:
        """Return all adjustments, oldest first."""
        columns = "at, submission, exercise, cents, reason"
        rows = self._connection.execute(f"SELECT {columns} FROM adjustments ORDER BY at, id")
        return [ManualAdjustment(*row) for row in rows]

    # -- all of it --

    def handings(self) -> list[Handing]:
        """Return what was handed in, by name."""
        rows = self._connection.execute("SELECT * FROM submissions ORDER BY submission")
        return [
            Handing(
                name, id_, learner, datetime.datetime.fromisoformat(at), problem, tuple(json.loads(notes))
            )
            for name, id_, learner, at, problem, notes in rows
        ]

    def class_grades(self, course: Course) -> ClassGrades:
        """Return what the class earned, by the late policy that the course has now.

        Raises:
            CourseError: an exercise of the course is malformed.
        """
        reports, quizzes = self._reports(), self._quizzes()
        order = course.exercise_ids()
        known = {one: course.exercise(one) for one in order}
        manual = self.adjustments()

        def grade(handing: Handing) -> Grade:
            mine = [one for one in order if one in reports.get(handing.submission, {})]
            exercises = tuple(
                ExerciseGrade(reports[handing.submission][one], known[one].file.feedback) for one in mine
            )
            late = late_adjustments(
                course.late, handing.learner_id, handing.received, (one.report for one in exercises)
            )
            return Grade(
                submission=handing.submission,
                learner_id=handing.learner_id,
                learner_name=handing.learner_name,
                problem=handing.problem,
                exercises=exercises,
                quizzes=quizzes.get(handing.submission, ()),
                adjustments=(
                    *late,
                    *(
                        Adjustment("manual", one.exercise, one.cents, one.reason)
                        for one in manual
                        if one.submission == handing.submission
                    ),
                ),
            )

        grades = tuple(map(grade, self.handings()))
        return ClassGrades(course.title, _items(grades, order), grades)

    def _reports(self) -> dict[str, dict[str, Report]]:
        found: dict[str, dict[str, Report]] = {}
        rows = self._connection.execute("SELECT submission, seconds, report FROM reports")
        for submission, seconds, text in rows:
            (report,) = reports_from_json(text)
            found.setdefault(submission, {})[report.exercise] = dataclasses.replace(report, seconds=seconds)
        return found

    def _quizzes(self) -> dict[str, tuple[QuizResult, ...]]:
        rows = self._connection.execute("SELECT submission, results FROM quizzes")
        return {
            submission: tuple(
                QuizResult(quiz, title, earned, possible, tuple(notes))
                for quiz, title, earned, possible, notes in json.loads(results)
            )
            for submission, results in rows
        }

    def take_in(self, path: Path) -> None:
        """Copy everything from another gradebook; what both have, the other's counts."""
        self._connection.execute("ATTACH ? AS other", (str(path),))
        try:
            with self._transaction():
                for table in ("submissions", "reports", "quizzes"):
                    self._connection.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM other.{table}")
                self._connection.execute("INSERT OR IGNORE INTO adjustments SELECT * FROM other.adjustments")
        finally:
            self._connection.execute("DETACH other")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield


def _timeless(report: Report) -> Report:
    """Leave out how long things took: grading the same again gives the same, to the letter."""
    outcomes = tuple(dataclasses.replace(one, seconds=0.0) for one in report.outcomes)
    return dataclasses.replace(report, outcomes=outcomes, seconds=0.0)


def _items(grades: Sequence[Grade], order: Sequence[str]) -> tuple[Item, ...]:
    exercises = {one.report.exercise: one.report for grade in grades for one in grade.exercises}
    quizzes = {one.quiz: one for grade in grades for one in grade.quizzes}
    return (
        *(
            Item("exercise", one, exercises[one].title, 100 * exercises[one].credits)
            for one in order
            if one in exercises
        ),
        *(Item("quiz", one, quizzes[one].title, quizzes[one].possible_cents) for one in sorted(quizzes)),
    )


@contextlib.contextmanager
def open_gradebook(folder: Path, *, new: bool = False) -> Iterator[Gradebook]:
    """Open the gradebook in a folder of results.

    Args:
        new: make the folder and the file if they are missing.

    Raises:
        LedgerError: the file cannot be used, or there is none.
    """
    path = folder / FILE
    if not new and not path.is_file():
        raise LedgerError(f"{folder} holds no {FILE}; `grader grade SUBMISSIONS -o {folder}` makes one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"{folder} cannot be made ({error.strerror}); name another folder") from None
    with explained(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        with contextlib.closing(connection):
            choose_journal(connection, path)
            connection.execute("PRAGMA synchronous = FULL")
            _make_tables(connection, path)
            yield Gradebook(connection)


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise LedgerError(f"{path} was written by a newer grader; update rnn-grader")
        if version < VERSION:
            for statement in TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
