"""The tables of a gradebook's file, how they grew, and the rows that are read and written whole."""

from typing import NamedTuple

from grader.classroom import rounds

NEVER_DELETED = """CREATE TRIGGER adjustments_no_delete BEFORE DELETE ON adjustments
    BEGIN SELECT RAISE(ABORT, 'an adjustment is never changed; make another one'); END"""
VERSION_1 = (
    """CREATE TABLE submissions (
        submission TEXT PRIMARY KEY, learner_id TEXT NOT NULL, learner_name TEXT NOT NULL,
        received TEXT NOT NULL, problem TEXT NOT NULL, notes TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE reports (
        submission TEXT NOT NULL REFERENCES submissions (submission), exercise TEXT NOT NULL,
        key TEXT NOT NULL, seconds REAL NOT NULL, report TEXT NOT NULL,
        PRIMARY KEY (submission, exercise)
    ) STRICT""",
    """CREATE TABLE quizzes (
        submission TEXT PRIMARY KEY REFERENCES submissions (submission), key TEXT NOT NULL,
        results TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE adjustments (
        id TEXT PRIMARY KEY, at TEXT NOT NULL, submission TEXT NOT NULL, exercise TEXT NOT NULL,
        cents INTEGER NOT NULL, reason TEXT NOT NULL
    ) STRICT""",
    """CREATE TRIGGER adjustments_no_update BEFORE UPDATE ON adjustments
        BEGIN SELECT RAISE(ABORT, 'an adjustment is never changed; make another one'); END""",
    NEVER_DELETED,
)
VERSION_2 = (
    # `submission`, in every table, is the key from now on. Of what version 1 held it is the name, until that
    # is collected again: only then it gets a `received_from`.
    *(
        f"ALTER TABLE submissions ADD COLUMN {name} TEXT NOT NULL DEFAULT ''"
        for name in "name formerly received_from platform platform_id platform_name folder".split()
    ),
    *(
        f"ALTER TABLE submissions ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0"
        for name in ("nothing_found", "gone", "seen")  # seen: by the last run
    ),
    "UPDATE submissions SET name = submission, seen = 1",
    # An empty report says that there is nothing to grade any more.
    "ALTER TABLE reports ADD COLUMN whole INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE reports ADD COLUMN not_graded TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE quizzes ADD COLUMN notes TEXT NOT NULL DEFAULT '[]'",
    "UPDATE reports SET whole = 0, not_graded = 'a check broke' WHERE key = ''",
    """CREATE TABLE moves (
        submission TEXT NOT NULL, item TEXT NOT NULL, before TEXT NOT NULL,
        PRIMARY KEY (submission, item)
    ) STRICT""",
    """CREATE TABLE decisions (
        at TEXT NOT NULL, submission TEXT NOT NULL, student TEXT NOT NULL,
        PRIMARY KEY (at, submission)
    ) STRICT""",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    rounds.TABLE,
)
VERSION_3 = (
    "ALTER TABLE submissions ADD COLUMN file TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE submissions ADD COLUMN together TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE adjustments ADD COLUMN author TEXT NOT NULL DEFAULT ''",
)
MIGRATIONS = (VERSION_1, VERSION_2, VERSION_3)
"""What leads from each version of the file to the next. Append; never edit what was released."""


class Scope(NamedTuple):
    """What a run looks at; it changes nothing else.

    Args:
        exercises: ids of those that are graded.
        quizzes: whether answers to quizzes are graded.
        folder: where the class lies; empty for a single submission.
        shard: which part of the class, of how many.
        whole_course: whether those are all exercises of the course.
    """

    exercises: tuple[str, ...]
    quizzes: bool = True
    folder: str = ""
    shard: tuple[int, int] = (1, 1)
    whole_course: bool = True

    @property
    def whole_class(self) -> bool:
        """Whether all of a class was looked at."""
        return bool(self.folder) and self.shard == (1, 1)


class Entry(NamedTuple):
    """A submission as the gradebook knows it, without its credits.

    Args:
        formerly: its name in a gradebook of the first version, under which it may have adjustments.
        folder: where its class lay when it was collected last.
        gone: whether it has vanished from there.
        seen: whether the last run of a class, or of a shard, looked at it.
        file: name of its first file or folder, as a platform delivers it.
        together: ids of all who handed it in, a line each, where the platform says that they are several.
    """

    key: str
    name: str
    received: str
    received_from: str
    platform: str
    platform_id: str
    platform_name: str
    learner_id: str
    learner_name: str
    problem: str
    nothing_found: bool
    notes: str
    formerly: str = ""
    folder: str = ""
    gone: int = 0
    seen: int = 1
    file: str = ""
    together: str = ""


class ManualAdjustment(NamedTuple):
    """What an instructor gave or took, and why, and who did; the submission goes by its key."""

    at: str
    submission: str
    exercise: str
    cents: int
    reason: str
    author: str = ""


COLUMNS = ", ".join(("submission", *Entry._fields[1:]))
ENTRIES = f"SELECT {COLUMNS} FROM submissions"
KEEP = (
    f"INSERT INTO submissions ({COLUMNS}) VALUES ({', '.join('?' * len(Entry._fields))})"
    " ON CONFLICT (submission) DO UPDATE SET "
    + ", ".join(
        # what a run does not know, it does not take away
        f"{name} = CASE excluded.{name} WHEN '' THEN {name} ELSE excluded.{name} END"
        if name in ("formerly", "received_from", "folder")
        else f"{name} = excluded.{name}"
        for name in Entry._fields[1:]
    )
)
