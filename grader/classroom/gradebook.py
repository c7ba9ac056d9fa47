"""The gradebook of a class: one SQLite file, which is all that grading leaves behind; and the late policy."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from grader.checks.report import Report, reports_from_json, reports_to_json
from grader.classroom.collect import Submission
from grader.course import Course, LatePolicy
from grader.progress.database import LedgerError, explained, open_file
from grader.progress.grades import Adjustment, ClassGrades, Grade, Item, QuizResult

FILE = "grades.db"
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
DAY = datetime.timedelta(days=1)


class ManualAdjustment(NamedTuple):
    """What an instructor gave or took, and why."""

    at: str
    submission: str
    exercise: str
    cents: int
    reason: str


class Gradebook:
    """Reads and writes the file; what was stored, survives the death of this program."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- what was graded --

    def report_keys(self) -> dict[tuple[str, str], str]:
        """Return the key of every report, by submission and exercise; empty if it should be made anew."""
        rows = self._connection.execute("SELECT submission, exercise, key FROM reports")
        return {(submission, exercise): key for submission, exercise, key in rows}

    def quiz_keys(self) -> dict[str, str]:
        """Return the key of what was graded in quizzes, by submission."""
        return dict(self._connection.execute("SELECT submission, key FROM quizzes"))

    def enter(self, submissions: Iterable[Submission]) -> None:
        """Keep what was handed in; what was graded before stays, unless there is a problem with it now."""
        with self._transaction():
            for entry in submissions:
                row = (
                    *(entry.name, entry.learner_id, entry.learner_name),
                    *(entry.received.isoformat(), entry.problem, json.dumps(entry.notes)),
                )
                self._connection.execute(
                    "INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (submission) DO UPDATE SET"
                    " learner_id = excluded.learner_id, learner_name = excluded.learner_name,"
                    " received = excluded.received, problem = excluded.problem, notes = excluded.notes",
                    row,
                )
                for table in ("reports", "quizzes") if entry.problem else ():
                    self._connection.execute(f"DELETE FROM {table} WHERE submission = ?", (entry.name,))

    def store_reports(self, graded: Iterable[tuple[str, str, Report]]) -> None:
        """Keep reports, each with its submission's name and its key, a hash of all that it depends on."""
        rows = []
        for name, key, report in graded:
            # How long things took is left out: grading the same again gives the same, to the letter.
            outcomes = tuple(dataclasses.replace(outcome, seconds=0.0) for outcome in report.outcomes)
            stored = reports_to_json([dataclasses.replace(report, outcomes=outcomes, seconds=0.0)])
            rows.append((name, report.exercise, key, report.seconds, stored))
        with self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?)", rows)

    def store_quizzes(self, submission: str, key: str, results: Iterable[QuizResult]) -> None:
        """Keep what one submission earned in quizzes."""
        row = submission, key, json.dumps([list(result) for result in results], ensure_ascii=False)
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO quizzes VALUES (?, ?, ?)", row)

    # -- what an instructor decides --

    def adjust(self, adjustment: ManualAdjustment) -> None:
        """Keep an adjustment; a regrade does not touch it.

        Raises:
            LookupError: there is no such submission.
        """
        known = "SELECT 1 FROM submissions WHERE submission = ?"
        # The same for the same event in two files, which are then merged.
        id_ = hashlib.sha256("\n".join(map(str, adjustment)).encode()).hexdigest()
        with self._transaction():
            if not self._connection.execute(known, (adjustment.submission,)).fetchone():
                raise LookupError(adjustment.submission)
            order = "INSERT OR IGNORE INTO adjustments VALUES (?, ?, ?, ?, ?, ?)"
            self._connection.execute(order, (id_, *adjustment))

    def adjustments(self) -> list[ManualAdjustment]:
        """Return all adjustments, oldest first."""
        columns = "at, submission, exercise, cents, reason"
        rows = self._connection.execute(f"SELECT {columns} FROM adjustments ORDER BY at, id")
        return [ManualAdjustment(*row) for row in rows]

    # -- all of it --

    def class_grades(self, course: Course) -> ClassGrades:
        """Return what the class earned, by the late policy that the course has now.

        Raises:
            CourseError: an exercise of the course is malformed.
        """
        order = course.exercise_ids()
        feedback = {name: course[name].file.feedback for name in order}
        reports: dict[str, dict[str, Report]] = defaultdict(dict)
        rows = self._connection.execute("SELECT submission, seconds, report FROM reports")
        for name, seconds, text in rows:
            (report,) = reports_from_json(text)
            reports[name][report.exercise] = dataclasses.replace(report, seconds=seconds)
        quizzes = {
            name: tuple(
                QuizResult(quiz, title, earned, possible, tuple(notes))
                for quiz, title, earned, possible, notes in json.loads(text)
            )
            for name, text in self._connection.execute("SELECT submission, results FROM quizzes")
        }
        given: dict[str, list[Adjustment]] = defaultdict(list)
        for entry in self.adjustments():
            given[entry.submission].append(Adjustment("manual", entry.exercise, entry.cents, entry.reason))
        columns = "submission, learner_id, learner_name, received, problem"
        rows = self._connection.execute(f"SELECT {columns} FROM submissions ORDER BY submission")
        grades = []
        for name, learner_id, learner_name, received, problem in rows:
            own = [reports[name][exercise] for exercise in order if exercise in reports[name]]
            moment = datetime.datetime.fromisoformat(received)
            late = late_adjustments(course.late, learner_id, moment, own)
            grades.append(
                Grade(
                    submission=name,
                    learner_id=learner_id,
                    learner_name=learner_name,
                    problem=problem,
                    reports=tuple(own),
                    quizzes=quizzes.get(name, ()),
                    adjustments=(*late, *given[name]),
                    feedback=feedback,
                )
            )
        return ClassGrades(course.title, tuple(_items(grades, order)), tuple(grades))

    def take_in(self, path: Path) -> None:
        """Copy everything from another gradebook's file; what both have, the other's counts."""
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


def _items(grades: Sequence[Grade], order: Sequence[str]) -> Iterator[Item]:
    exercises = {report.exercise: report for grade in grades for report in grade.reports}
    for name in order:
        if name in exercises:
            yield Item("exercise", name, exercises[name].title, 100 * exercises[name].credits)
    for name, quiz in sorted({quiz.quiz: quiz for grade in grades for quiz in grade.quizzes}.items()):
        yield Item("quiz", name, quiz.title, quiz.possible_cents)


def late_adjustments(
    policy: LatePolicy, learner_id: str, received: datetime.datetime, reports: Iterable[Report]
) -> Iterator[Adjustment]:
    """Yield what each exercise loses, with the arithmetic; fractions of a hundredth are the student's."""
    for report in reports:
        due = policy.due(report.exercise, learner_id)
        if due is None or received <= due or not policy.per_day:
            continue
        days = math.ceil((received - due) / DAY)
        percent = min(policy.at_most, days * policy.per_day)
        then, now = (
            moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC") for moment in (due, received)
        )
        reason = (
            f"{days} day{'s' if days > 1 else ''} late: due {then}, received {now}; "
            f"{percent:g} % of {report.earned} credits"
        )
        yield Adjustment("late", report.exercise, -math.floor(report.earned * percent), reason)


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
    with explained(path), contextlib.closing(open_file(path, (TABLES,))) as connection:
        connection.commit()
        connection.execute("PRAGMA foreign_keys = OFF")  # a merge replaces rows that others refer to
        yield Gradebook(connection)


def merge(course: Course, parts: Iterable[Path], results: Path) -> ClassGrades:
    """Put several gradebooks together; of a submission that several have, the last one counts.

    Args:
        parts: folders with a gradebook each.
        results: the folder of the gradebook that they are put into; what it holds already stays.

    Raises:
        LedgerError: one of the files cannot be used; nothing is written if it is one of the parts.
    """
    parts = list(parts)
    for part in parts:
        with open_gradebook(part):
            pass
    with open_gradebook(results, new=True) as book:
        for part in parts:
            if part.resolve() != results.resolve():
                book.take_in(part / FILE)
        return book.class_grades(course)
