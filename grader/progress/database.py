"""The file under the ledger: its tables and how they grew, how it is opened, what may go wrong with it."""

import contextlib
import errno
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.course import make_private_folder

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
            for setting in ("synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON"):
                connection.execute(f"PRAGMA {setting}")
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
