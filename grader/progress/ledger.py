"""Remembers what a learner did in this course: an append-only SQLite file, ``.grader/progress.db``.

Balances are never stored; they are derived from the events: of a quiz, from the answers and their scores. A
learner has a name to show, and an id that a balance is kept under.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import re
import sqlite3
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader import __version__
from grader.checks.report import Report, Status
from grader.course import Course, Exercise, dataclass, derived, make_private_folder
from grader.sandbox.text import HIDING, one_line

ID = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")
MAX_NAME = 80
JOINERS = "\u200c\u200d"  # invisible, but Persian and Indic names are spelt with them
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
OF_A_SITTING = ("finished", "quiz_hinted", "flagged")
"""Tables whose events are of a sitting, and of a learner through it."""


@dataclass(frozen=True)
class Learner:
    """One person; ids tell them apart, names need not. ValueError tells the learner what neither may be."""

    id: str  # 1 to 64 small letters a to z and digits, with ``.``, ``_``, ``@`` and ``-`` between them
    name: str  # 1 to 80 characters of printable text

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            allowed = "1 to 64 small letters and digits, with `.`, `_`, `@` and `-` between them"
            raise ValueError(f"an id is {allowed}, but not `{one_line(self.id, MAX_NAME)}`")
        _require_printable(self.name)
        if self.id == "anonymous" != self.name:
            raise ValueError("the id `anonymous` is for whoever is not logged in; give another one with --id")

    @classmethod
    def named(cls, name: str, learner_id: str | None = None) -> Learner:
        """Return whom someone means by typing a name and perhaps an id, else made from it; or ValueError."""
        name = unicodedata.normalize("NFC", name.strip())
        _require_printable(name)
        if learner_id is None:
            letters = unicodedata.normalize("NFKD", name.casefold().translate(PLAIN))
            plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
            learner_id = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
            lost = any(letter.isalnum() and not letter.isascii() for letter in plain)
            if lost or not 1 <= len(learner_id) <= 64:  # a checksum keeps two names apart
                learner_id = f"{learner_id[:48].strip('-') or 'learner'}-{zlib.crc32(name.encode()):08x}"
        return cls(learner_id.strip().lower(), name)


def _require_printable(name: str) -> None:
    hiding = (sign for sign in name if unicodedata.category(sign) in HIDING and sign not in JOINERS)
    hidden = next(hiding, None)
    problem = f", but `{one_line(name, MAX_NAME)}` holds U+{ord(hidden):04X}" if hidden else ""
    if problem or not 1 <= len(name) <= MAX_NAME or not name.strip(f"{JOINERS} "):
        raise ValueError(f"a name is 1 to {MAX_NAME} characters of printable text{problem}")


ANONYMOUS = Learner("anonymous", "anonymous")
"""Whoever is not logged in."""


@dataclass(frozen=True)
class Progress:
    """The state of one exercise as of one check."""

    earned: int  # credits
    credits: int  # credits there are
    outcomes: Mapping[str, Status]  # what each check found, by its name


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with one exercise."""

    exercise: str
    title: str
    credits: int
    earned: int | None  # credits in the last check; None if there was none yet
    stretch: bool  # whether it is beyond what the course asks for
    changed: bool = False  # whether it was worth other credits when it was checked; they count in proportion
    # whether nothing is left to earn
    done: bool = derived(lambda standing: (standing.earned or 0) >= standing.credits)


@dataclass(frozen=True)
class Sitting:
    """One run through a quiz."""

    id: int
    quiz: str
    version: int
    mode: str
    number: int  # 1, 2, ... for each learner and quiz
    questions: tuple[str, ...]  # their ids, in the order they are asked
    begun: str  # when, ISO 8601 in UTC
    finished: str | None  # when it was finished; None while it is open


@dataclass(frozen=True)
class Response:
    """What the learner answered, raw: the source of truth, from which credits can be computed again."""

    sitting: int  # its id
    quiz: str
    version: int  # of the quiz
    question: str
    attempt: int  # 1, 2, ... for each learner, quiz and question, over all sittings
    params: str  # canonical JSON of the drawn variant (parameters, order of choices)
    answer: str  # as typed
    certainty: int | None  # as the learner gave it, if asked
    hints: int  # how many were taken before
    id: int = 0  # given by the ledger
    at: str = ""  # given by the ledger: when, ISO 8601 in UTC


class Ledger:
    """The events of one course folder, as one learner sees and adds to them.

    It lives for one transaction: nothing comes between what is read and what is then recorded. By its
    connection whole histories are taken out and in (:mod:`grader.progress.transfer`).
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.learner = ANONYMOUS
        for learner in self.learners():
            self.learner = learner

    def login(self, learner: Learner, *, adopts: bool = False) -> None:
        """Append that from now on someone else learns here, who may adopt what was recorded nameless."""
        if learner != self.learner or not self.learners():
            self.learner = learner
            self.append("logged_in", learner=learner.id, name=learner.name)
        if adopts and learner != ANONYMOUS:
            self.append("adopted", learner=learner.id)

    def account_of(self, learner_id: str) -> str:
        """Return what a learner's events are filed under: the id, but for what was taken over and by whom."""
        adopter = self.connection.execute("SELECT learner FROM adopted").fetchone()
        if adopter and learner_id in (*adopter, ANONYMOUS.id):
            return "" if learner_id == ANONYMOUS.id else ANONYMOUS.id
        return learner_id

    def learners(self) -> tuple[Learner, ...]:
        """Return everyone who ever logged in here, each with the latest name, the latest at the end."""
        rows = self._all("SELECT learner, name, max(id) FROM logged_in GROUP BY learner ORDER BY max(id)")
        try:
            return tuple(Learner(learner, name) for learner, name, _ in rows)
        except ValueError as error:
            raise LedgerError(f"the ledger has a learner that cannot be: {error}") from None

    def record(self, report: Report) -> None:
        """Append what a check of an exercise found."""
        kept = {name: getattr(report, name) for name in "exercise earned credits seed source_sha256".split()}
        outcomes = json.dumps({outcome.check: outcome.status for outcome in report.outcomes})
        self.append("checked", **kept, outcomes=outcomes, grader_version=__version__)

    def latest(self, exercise: str) -> Progress | None:
        """Return the state of an exercise as of its last check; None if it was never checked."""
        checks = self._checks("exercise = :exercise ORDER BY id DESC LIMIT 1", exercise=exercise)
        return next((check for _, check in checks), None)

    def best_checks(self) -> Mapping[str, Progress]:
        """Return, of every exercise that was ever checked, the check that earned most, the first of equals.

        Only those count in which the exercise was worth as many credits as in the last one; a course changes.
        """
        checks = self._checks("TRUE ORDER BY id")
        worth = {exercise: check.credits for exercise, check in checks}
        best: dict[str, Progress] = {}
        for exercise, check in checks:
            if check.credits == worth[exercise]:
                best[exercise] = max(best.get(exercise, check), check, key=lambda state: state.earned)
        return best

    def _checks(self, where: str, **values: str) -> list[tuple[str, Progress]]:
        query = "SELECT exercise, earned, credits, outcomes FROM checked WHERE learner = :learner AND"
        rows = self._all(f"{query} {where}", **values)
        return [(name, Progress(earned, worth, json.loads(told))) for name, earned, worth, told in rows]

    def hints_shown(self, exercise: str, function: str) -> int:
        """Return how many hints on a function were shown so far."""
        where = "learner = :learner AND exercise = :exercise AND function = :function"
        return len(self._all(f"SELECT 1 FROM hinted WHERE {where}", exercise=exercise, function=function))

    def begin(self, quiz: str, version: int, mode: str, questions: tuple[str, ...]) -> Sitting:
        """Append that a quiz was begun."""
        number, asked = len(self.sittings(quiz)) + 1, json.dumps(questions)
        self.append("begun", quiz=quiz, version=version, mode=mode, number=number, questions=asked)
        return self.sittings(quiz)[-1]

    def sittings(self, quiz: str | None = None) -> tuple[Sitting, ...]:
        """Return this learner's sittings, of one quiz or of all, oldest first."""
        rows = self._all(
            "SELECT begun.id, quiz, version, mode, number, questions, begun.at, finished.at"
            " FROM begun LEFT JOIN finished ON finished.sitting = begun.id"
            " WHERE begun.learner = :learner AND coalesce(quiz = :quiz, 1) ORDER BY begun.id",
            quiz=quiz,
        )
        return tuple(Sitting(*(*row[:5], tuple(json.loads(row[5])), *row[6:])) for row in rows)

    def finish(self, sitting_id: int) -> None:
        """Append that a sitting is over, once; LedgerError if it is not one of this learner's."""
        if self._sitting(sitting_id).finished is None:
            self.append("finished", sitting=sitting_id)

    def take_hint(self, sitting_id: int, question: str, number: int) -> None:
        """Append that hint 1, 2, ... on a question was shown, as :meth:`finish` does."""
        self._sitting(sitting_id)
        if number > self.hints_taken(sitting_id, question):
            self.append("quiz_hinted", sitting=sitting_id, question=question, number=number)

    def hints_taken(self, sitting_id: int, question: str) -> int:
        """Return how many hints on a question were shown in a sitting."""
        query = "SELECT 1 FROM quiz_hinted WHERE sitting = :sitting AND question = :question"
        return len(self._all(query, sitting=sitting_id, question=question))

    def flag(self, sitting_id: int, question: str, flagged: bool) -> None:
        """Append that a question is marked to come back to, or no longer, as :meth:`finish` does."""
        self._sitting(sitting_id)
        if (question in self.flagged(sitting_id)) != flagged:
            self.append("flagged", sitting=sitting_id, question=question, flagged=int(flagged))

    def flagged(self, sitting_id: int) -> frozenset[str]:
        """Return the questions of a sitting that are marked to come back to."""
        query = "SELECT question, flagged, max(id) FROM flagged WHERE sitting = :sitting GROUP BY question"
        return frozenset(question for question, flagged, _ in self._all(query, sitting=sitting_id) if flagged)

    def _sitting(self, sitting_id: int) -> Sitting:
        own = {sitting.id: sitting for sitting in self.sittings()}
        if sitting_id not in own:
            problem = f"sitting {sitting_id} is not one of {self.learner.name}'s"
            raise LedgerError(f"{problem}; log in as who began it (`grader login`)")
        return own[sitting_id]

    def respond(self, response: Response) -> int:
        """Append a response, which LedgerError refuses; return its id."""
        self._sitting(response.sitting)
        earlier = self.responses(response.quiz, response.question)
        if response.attempt in [answered.attempt for answered in earlier]:
            which = f"attempt {response.attempt} at {response.quiz}/{response.question}"
            raise LedgerError(f"{which} is in the ledger already, perhaps from another terminal")
        event = {**vars(response), "answer": response.answer.encode(errors="backslashreplace").decode()}
        del event["id"], event["at"]
        return self.append("answered", **event)

    def responses(self, quiz: str, question: str | None = None) -> tuple[Response, ...]:
        """Return this learner's responses to a quiz, or to one question of it, oldest first."""
        rows = self._all(
            "SELECT sitting, quiz, version, question, attempt, params, answer, certainty, hints, id, at"
            " FROM answered WHERE learner = :learner AND quiz = :quiz AND coalesce(question = :question, 1)"
            " ORDER BY id",
            quiz=quiz,
            question=question,
        )
        return tuple(Response(*row) for row in rows)

    def mark(self, response_id: int, version: int, score: float, arithmetic: str) -> None:
        """Append what a response is worth by the key of a version, from 0 to 1; once for each version."""
        query = "SELECT 1 FROM marked WHERE response = :response AND version = :version"
        if not self._all(query, response=response_id, version=version):
            self.append("marked", response=response_id, version=version, score=score, arithmetic=arithmetic)

    def scores(self, quiz: str, since: int = 0) -> Mapping[int, float]:
        """Return by response the score by the newest version whose key has marked it.

        Scores of version 0 come from a file of an older grader.
        """
        rows = self._all(
            "SELECT response, score, max(marked.version) FROM marked JOIN answered ON answered.id = response"
            " WHERE answered.learner = :learner AND quiz = :quiz AND marked.version >= :since"
            " GROUP BY response",  # the score is of the greatest version
            quiz=quiz,
            since=since,
        )
        return {response: score for response, score, _ in rows}

    def unmarked(self, quiz: str, version: int) -> tuple[Response, ...]:
        """Return this learner's responses that no key from this version on has marked, oldest first."""
        marked = self.scores(quiz, since=version)
        return tuple(response for response in self.responses(quiz) if response.id not in marked)

    def review_states(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """Return by quiz and question what was ever reviewed: the scheduler's state, and when it is due."""
        rows = self._all(
            "SELECT quiz, question, state, due, max(id) AS newest FROM reviewed WHERE learner = :learner"
            " GROUP BY quiz, question ORDER BY due, newest"
        )
        return {(quiz, question): (state, due) for quiz, question, state, due, _ in rows}

    def append(self, table: str, **event: Any) -> int:
        """Append an event, of now and of this learner unless it says otherwise; return its id."""
        event.setdefault("at", datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))
        if table not in OF_A_SITTING:
            event.setdefault("learner", self.account_of(self.learner.id))
        columns, values = ", ".join(event), ", ".join(f":{column}" for column in event)
        cursor = self.connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", event)
        return int(cursor.lastrowid or 0)

    def _all(self, query: str, **values: str | int | None) -> list[tuple[Any, ...]]:
        own = {"learner": self.account_of(self.learner.id)}
        return self.connection.execute(query, own | values).fetchall()


@contextlib.contextmanager
def open_ledger(course: Course) -> Iterator[Ledger]:
    """Open a course's ledger; it is made at its first use. What is recorded inside is kept all or nothing.

    Nobody else can write meanwhile, so do not wait for a person inside, nor open it a second time. Or
    LedgerError: the file cannot be made, read or written, or is from a newer grader.
    """
    with open_file(course.state_folder / "progress.db") as connection:
        yield Ledger(connection)
        connection.execute("COMMIT")


def standings(course: Course, ledger: Ledger, *, best: bool = False) -> list[Standing]:
    """Return where the learner stands with every exercise as of the last check, or of the best one."""
    rows, checks = [], ledger.best_checks() if best else {}
    for exercise in course.exercises():
        file, state = exercise.file, checks.get(exercise.id) if best else ledger.latest(exercise.id)
        worth = state.credits if state else file.credits
        share = state.earned * file.credits // max(worth, 1) if state else None  # all only for all of those
        changed = worth != file.credits
        rows.append(Standing(exercise.id, file.title, file.credits, share, file.stretch, changed))
    return rows


def record(course: Course, reports: Iterable[Report]) -> list[Standing]:
    """Keep what checks found, for whoever is logged in; return where they stand now. Or LedgerError."""
    with open_ledger(course) as ledger:
        for report in reports:
            ledger.record(report)
        return standings(course, ledger)


# --- hints on an exercise ------------------------------------------------------------------------------


def ended(exercise: Exercise, function: str, ledger: Ledger) -> set[str]:
    """Return how the checks of a function ended when they last ran."""
    latest = ledger.latest(exercise.id)
    outcomes = latest.outcomes.items() if latest else ()
    return {status for check, status in outcomes if exercise.function_of(check) == function}


def waits_for(course: Course, exercise: Exercise, function: str, ledger: Ledger) -> tuple[str, str] | None:
    """Return the earlier exercise that has to come first, and why, if nothing else is wrong."""
    if ended(exercise, function, ledger) - {"passed"} != {"skipped"}:
        return None
    from grader.checks.collection import collect_checks

    checks = (check for check in collect_checks(exercise) if check.function == function)
    for used, _, lower in (name.partition(".") for check in checks for name in check.prerequisites):
        if ended(course[used], lower, ledger) != {"passed"}:
            return used, f"`{function}` waits for {used}: `{lower}` does not pass its own checks yet."
    return None


def take_hint(exercise: Exercise, function: str, ledger: Ledger) -> tuple[tuple[str, ...], int]:
    """Tell one more hint on a function; return those told so far, and how many are left."""
    known = exercise.file.hints.get(function, ())
    told = ledger.hints_shown(exercise.id, function)
    if told < len(known):
        ledger.append("hinted", exercise=exercise.id, function=function)
    return known[: told + 1], len(known) - told - 1


# --- the file: its tables and how they grew, how it is opened, what may go wrong with it ------------------

BUSY_SECONDS = 10.0
NOT_WRITABLE = {
    sqlite3.SQLITE_FULL: "make room on the disk and try again",
    sqlite3.SQLITE_PERM: "make it and its folder writable",
    sqlite3.SQLITE_READONLY: "make it and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "make it and its folder writable",
}
CURES = NOT_WRITABLE | {
    sqlite3.SQLITE_BUSY: "another program is using it; try again in a moment",
    sqlite3.SQLITE_IOERR: "see that the disk works and has room, and try again",
}

TABLES = {  # of the first version that anybody was given, numbered 2
    "checked": """
        exercise TEXT NOT NULL, earned INTEGER NOT NULL, credits INTEGER NOT NULL, outcomes TEXT NOT NULL,
        seed INTEGER NOT NULL, source_sha256 TEXT NOT NULL, grader_version TEXT NOT NULL,
        learner TEXT NOT NULL DEFAULT 'anonymous'""",
    "hinted": """
        exercise TEXT NOT NULL, function TEXT NOT NULL, learner TEXT NOT NULL DEFAULT 'anonymous'""",
    "logged_in": "learner TEXT NOT NULL, name TEXT NOT NULL",
    "begun": """
        learner TEXT NOT NULL, quiz TEXT NOT NULL, version INTEGER NOT NULL, mode TEXT NOT NULL,
        number INTEGER NOT NULL CHECK (number >= 1), questions TEXT NOT NULL,
        UNIQUE (learner, quiz, number), UNIQUE (id, learner, quiz)""",
    "finished": "sitting INTEGER NOT NULL UNIQUE REFERENCES begun (id)",
    "answered": """
        learner TEXT NOT NULL, sitting INTEGER NOT NULL, quiz TEXT NOT NULL, version INTEGER NOT NULL,
        question TEXT NOT NULL, attempt INTEGER NOT NULL CHECK (attempt >= 1), params TEXT NOT NULL,
        answer TEXT NOT NULL, certainty INTEGER, hints INTEGER NOT NULL CHECK (hints >= 0),
        UNIQUE (learner, quiz, question, attempt), UNIQUE (id, learner),
        FOREIGN KEY (sitting, learner, quiz) REFERENCES begun (id, learner, quiz)""",
    "credited": """
        learner TEXT NOT NULL, response INTEGER NOT NULL, subject TEXT NOT NULL, topic TEXT NOT NULL,
        cents INTEGER NOT NULL, worth INTEGER NOT NULL,
        reason TEXT NOT NULL CHECK (reason IN ('earned', 'adjusted')), version INTEGER NOT NULL,
        note TEXT NOT NULL,
        FOREIGN KEY (response, learner) REFERENCES answered (id, learner)""",
    "quiz_hinted": """
        sitting INTEGER NOT NULL REFERENCES begun (id), question TEXT NOT NULL,
        number INTEGER NOT NULL CHECK (number >= 1),
        UNIQUE (sitting, question, number)""",
    "flagged": """
        sitting INTEGER NOT NULL REFERENCES begun (id), question TEXT NOT NULL,
        flagged INTEGER NOT NULL CHECK (flagged IN (0, 1))""",
    "reviewed": """
        learner TEXT NOT NULL, quiz TEXT NOT NULL, question TEXT NOT NULL, state TEXT NOT NULL,
        due TEXT NOT NULL""",
}


def _tables(**tables: str) -> Iterator[str]:
    """Make tables of events, with triggers that refuse to change what happened."""
    for table, columns in tables.items():
        yield f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, at TEXT NOT NULL, {columns}) STRICT"
        sentence = f"the ledger only grows: nothing in `{table}` is ever changed or deleted"
        for order in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {table}_no_{order.lower()} BEFORE {order} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            )


MIGRATIONS = (
    (
        *_tables(**TABLES),
        "CREATE INDEX checked_by_exercise ON checked (learner, exercise, id)",
        "CREATE INDEX hinted_by_exercise ON hinted (learner, exercise, function)",
        "CREATE UNIQUE INDEX earned_once ON credited (response) WHERE reason = 'earned'",
        "CREATE UNIQUE INDEX adjusted_once ON credited (response, version) WHERE reason = 'adjusted'",
        "CREATE INDEX credited_by_subject ON credited (learner, subject)",
        "CREATE INDEX flagged_by_sitting ON flagged (sitting, question)",
        "CREATE INDEX reviewed_by_question ON reviewed (learner, quiz, question)",
    ),
    (),  # version 1 is in nobody's hands
    (
        *_tables(
            marked="""
            learner TEXT NOT NULL, response INTEGER NOT NULL, version INTEGER NOT NULL CHECK (version >= 0),
            score REAL NOT NULL CHECK (score BETWEEN 0 AND 1), arithmetic TEXT NOT NULL,
            UNIQUE (response, version), FOREIGN KEY (response, learner) REFERENCES answered (id, learner)"""
        ),
        # Version 0: the score that the arithmetic of a credit begins with, until the quiz is opened next.
        """INSERT INTO marked (at, learner, response, version, score, arithmetic)
        SELECT at, learner, response, 0, max(0.0, min(1.0, CAST(ltrim(note, '(') AS REAL))), note
        FROM credited
        WHERE id IN (SELECT max(id) FROM credited WHERE note LIKE '%credit%=%' GROUP BY response)""",
    ),
    (*_tables(adopted="learner TEXT NOT NULL UNIQUE"),),  # who took over what was recorded without a name
)
"""What leads from each version of the file to the next. Append; never edit what was released."""
SETTINGS = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON"


class LedgerError(Exception):
    """The ledger refuses, or its file cannot be used; the text says which one and why."""


class CannotWrite(LedgerError):
    """The machine does not let the file be written: no right to, or no room; nothing is wrong with it."""


@contextlib.contextmanager
def open_file(path: Path, migrations: Sequence[Iterable[str]] | None = None) -> Iterator[sqlite3.Connection]:
    """Open a file and begin a transaction, the only one that writes; it is made or migrated if need be.

    Whatever SQLite says about the file until it is closed becomes one sentence with a cure, a LedgerError.
    """
    migrations = MIGRATIONS if migrations is None else migrations
    try:
        make_private_folder(path.parent)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        cure = CURES[sqlite3.SQLITE_FULL] if full else "its folder should be one that you can write to"
        kind = CannotWrite if full or error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else LedgerError
        raise kind(f"{path} cannot be used ({error.strerror}); {cure}") from None
    try:
        connect = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        with contextlib.closing(connect) as connection:  # without a commit, nothing has happened
            # The older journal is one that any file system can hold, whatever the file was made with.
            with contextlib.suppress(sqlite3.OperationalError):  # someone is writing: another time
                connection.execute("PRAGMA journal_mode = DELETE")
            connection.executescript(SETTINGS)
            connection.execute("BEGIN IMMEDIATE")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(migrations):
                raise LedgerError(f"{path} was written by a newer grader; update rnn-grader")
            for number in range(version, len(migrations)):
                for statement in migrations[number]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number + 1}")
            yield connection
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise  # not the file's fault but ours
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        cure = CURES.get(code, "move it away to start a new one")
        kind = CannotWrite if code in NOT_WRITABLE else LedgerError
        raise kind(f"{path} cannot be used ({error}); {cure}") from None
