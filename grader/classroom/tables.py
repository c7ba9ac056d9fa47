"""What a gradebook's file holds: its tables and how they grew, rows that are read and written whole, rounds.

In a round, a class is graded on the same random inputs, and what is handed in again on others.
"""

import datetime
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from grader.checks.source import Source
from grader.course import Course, NoSecret, folded, read_secret
from grader.progress import Note

Place = tuple[str, str]
"""A submission's key and an exercise's id."""
NEVER_DELETED = """CREATE TRIGGER adjustments_no_delete BEFORE DELETE ON adjustments
    BEGIN SELECT RAISE(ABORT, 'an adjustment is never changed; make another one'); END"""
VERSION_1 = (
    """CREATE TABLE submissions (submission TEXT PRIMARY KEY, learner_id TEXT NOT NULL,
    learner_name TEXT NOT NULL, received TEXT NOT NULL, problem TEXT NOT NULL, notes TEXT NOT NULL) STRICT""",
    """CREATE TABLE reports (submission TEXT NOT NULL REFERENCES submissions (submission),
    exercise TEXT NOT NULL, key TEXT NOT NULL, seconds REAL NOT NULL, report TEXT NOT NULL,
    PRIMARY KEY (submission, exercise)) STRICT""",
    """CREATE TABLE quizzes (submission TEXT PRIMARY KEY REFERENCES submissions (submission),
    key TEXT NOT NULL, results TEXT NOT NULL) STRICT""",
    """CREATE TABLE adjustments (id TEXT PRIMARY KEY, at TEXT NOT NULL, submission TEXT NOT NULL,
    exercise TEXT NOT NULL, cents INTEGER NOT NULL, reason TEXT NOT NULL) STRICT""",
    """CREATE TRIGGER adjustments_no_update BEFORE UPDATE ON adjustments
        BEGIN SELECT RAISE(ABORT, 'an adjustment is never changed; make another one'); END""",
    NEVER_DELETED,
)
VERSION_2 = (
    # `submission`, in every table, is the key from now on; of what version 1 held, the name stands for it.
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
    """CREATE TABLE moves (submission TEXT NOT NULL, item TEXT NOT NULL, before TEXT NOT NULL,
    PRIMARY KEY (submission, item)) STRICT""",
    """CREATE TABLE decisions (at TEXT NOT NULL, submission TEXT NOT NULL, student TEXT NOT NULL,
    PRIMARY KEY (at, submission)) STRICT""",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    """CREATE TABLE drawn (submission TEXT NOT NULL, exercise TEXT NOT NULL, round INTEGER NOT NULL,
    files TEXT NOT NULL, seed TEXT NOT NULL, PRIMARY KEY (submission, exercise)) STRICT""",
)
VERSION_3 = (
    "ALTER TABLE submissions ADD COLUMN file TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE submissions ADD COLUMN together TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE adjustments ADD COLUMN author TEXT NOT NULL DEFAULT ''",
)
MIGRATIONS = (VERSION_1, VERSION_2, VERSION_3)
"""What leads from each version of the file to the next. Append; never edit what was released."""


class Scope(NamedTuple):
    """What a run looks at; it changes nothing else."""

    exercises: tuple[str, ...]  # ids of those that are graded
    quizzes: bool = True  # whether answers to quizzes are graded
    folder: str = ""  # where the class lies; empty for a single submission
    shard: tuple[int, int] = (1, 1)  # which part of the class, of how many
    whole_course: bool = True  # whether those are all exercises of the course

    @property
    def whole_class(self) -> bool:
        """Whether all of a class was looked at."""
        return bool(self.folder) and self.shard == (1, 1)


@dataclass
class Entry:
    """A submission, without what is graded of it; what a ``Grade`` has by the same name is the same."""

    key: str
    name: str  # printable and unique in its class, in whatever case; fit for a file's name
    received: datetime.datetime
    received_from: str = "file"  # or ``platform``, ``received.csv``, ``commit``; empty where nobody kept it
    platform: str = ""
    platform_id: str = ""
    platform_name: str = ""
    learner_id: str = ""
    learner_name: str = ""  # as the submission itself claims; empty if it does not
    problem: str = ""
    nothing_found: bool = False
    notes: tuple[Note, ...] = ()
    folder: str = ""  # where its class lay when it was collected last
    gone: bool = False  # whether it has vanished from there
    seen: bool = True  # whether the last run of a class, or of a shard, looked at it
    file: str = ""  # name of its first file or folder, as a platform delivers it
    # ids of all who handed it in, a line each, where the platform says that they are several
    together: str = ""

    def row(self) -> list[Any]:
        """Return it as a gradebook keeps it."""
        notes = json.dumps(self.notes, ensure_ascii=False)
        kept = vars(self) | {"received": self.received.isoformat(), "notes": notes}
        return [kept[name] for name in KEPT]


def read_entry(row: Iterable[Any]) -> Entry:
    """Return a submission from its row in a gradebook."""
    kept = dict(zip(KEPT, row, strict=True))
    received = datetime.datetime.fromisoformat(kept["received"])
    return Entry(**kept | {"received": received, "notes": read_notes(kept["notes"])})


def read_notes(text: str) -> tuple[Note, ...]:
    """Return notes from the JSON that a gradebook keeps; those of an older form are left out."""
    return tuple(Note(*note) for note in json.loads(text) if isinstance(note, list))


def unused(
    name: str, taken: dict[str, int], form: str = "{} ({})", compared: Callable[[str], str] = folded
) -> str:
    """Return a name, with a number if need be, that is not taken yet; now it is, with the last number."""
    found, number = name, taken.get(compared(name), 1)
    while compared(found) in taken:
        number += 1
        found = form.format(name, number)
    taken[compared(name)] = number
    taken.setdefault(compared(found), 1)
    return found


class ManualAdjustment(NamedTuple):
    """What an instructor gave or took, and why, and who did; the submission goes by its key."""

    at: str
    submission: str
    exercise: str
    cents: int
    reason: str
    author: str = ""


KEPT = [field.name for field in fields(Entry)]
COLUMNS = ", ".join(("submission", *KEPT[1:]))
ENTRIES = f"SELECT {COLUMNS} FROM submissions"
KEEP = (
    f"INSERT INTO submissions ({COLUMNS}) VALUES ({', '.join('?' * len(KEPT))})"
    " ON CONFLICT (submission) DO UPDATE SET "
    + ", ".join(
        # what a run does not know, it does not take away
        f"{name} = CASE excluded.{name} WHEN '' THEN {name} ELSE excluded.{name} END"
        if name in ("received_from", "folder")
        else f"{name} = excluded.{name}"
        for name in KEPT[1:]
    )
)


# --- rounds -------------------------------------------------------------------------------------------


class Round(NamedTuple):
    """One grading of a class, which lasts until another is begun."""

    number: int
    seed: int


class Drawn(NamedTuple):
    """On which random inputs a submission's exercise, by a hash of its files, is graded."""

    files: str
    seed: int
    handed_in: bool = True


def digest(root: Path, paths: Iterable[Path]) -> str:
    """Return a hash of files: of their names below ``root`` and of what is in them."""
    sums = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root).as_posix()
        sums.update(f"{len(name)} {name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return sums.hexdigest()


def hashed(*words: str) -> str:
    """Return a hash of some texts, none of which can run into the next."""
    text = "".join(f"{len(word)} {word}\n" for word in words)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def files_key(source: Source) -> str:
    """Return a hash of what was handed in for an exercise."""
    return hashed(json.dumps([(file.name, file.sha256, file.problem) for file in (source, *source.used)]))


def round_secret(course: Course) -> bytes:
    """Return what seeds are derived from: the course's secret, else its solutions and hidden checks.

    Neither is handed out, so nobody can guess the inputs, and every machine derives the same.
    """
    try:
        return read_secret(course)
    except NoSecret:
        files = (course.root / "solutions").rglob("*")
        return digest(course.root, (path for path in files if path.suffix in (".py", ".yaml"))).encode()


def derive_seed(secret: bytes, *words: str) -> int:
    """Return the seed, below 2**32, that a secret and some words always give."""
    return int(hmac.new(secret, hashed(*words).encode(), hashlib.sha256).hexdigest()[:8], 16)
