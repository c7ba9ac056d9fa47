"""Rounds: in one, a class is graded on the same random inputs, and what is handed in again on others."""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from grader.checks.source import Source
from grader.course import CannotDo, Course
from grader.quiz.files import NoSecret, read_secret

Place = tuple[str, str]
"""A submission's key and an exercise's id."""
TABLE = """CREATE TABLE drawn (
    submission TEXT NOT NULL, exercise TEXT NOT NULL, round INTEGER NOT NULL, files TEXT NOT NULL,
    seed TEXT NOT NULL,
    PRIMARY KEY (submission, exercise)
) STRICT"""


class RoundOver(CannotDo):
    """A gradebook is in another round than is asked for; the text says what to do."""


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


class Rounds:
    """What a gradebook's file knows of rounds; each is kept before its first grade is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def current(self) -> Round | None:
        """Return the round that goes on; None if nothing was graded yet."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = 'round'").fetchone()
        return Round(*json.loads(row[0])) if row else None

    def begin(self, number: int | None, seed: int | None, secret: bytes) -> Round:
        """Return the round that is graded now.

        Args:
            number: None is the one that goes on, else the first.
            seed: None is the one that was kept, else what follows from the secret and the number.

        Raises:
            RoundOver: a later round has begun.
        """
        kept = self.current()
        number = number or (kept.number if kept else 1)
        if kept and number < kept.number:
            raise RoundOver(
                f"these results are in round {kept.number}; give round {number} a folder of its own"
            )
        if seed is None:
            same = kept is not None and number == kept.number
            seed = kept.seed if kept and same else derive_seed(secret, "round", str(number))
        with self._connection:
            row = json.dumps([number, seed])
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES ('round', ?)", (row,))
        return Round(number, seed)

    def drawn(self, number: int) -> dict[Place, Drawn]:
        """Return on which inputs was graded what was handed in in a round."""
        order = "SELECT submission, exercise, files, seed FROM drawn WHERE round = ?"
        rows = self._connection.execute(order, (number,))
        return {(submission, exercise): Drawn(files, int(seed)) for submission, exercise, files, seed in rows}

    def keep(self, number: int, drawn: Mapping[Place, Drawn]) -> None:
        """Keep on which inputs will be graded what was handed in in a round."""
        rows = [  # as text: a seed that somebody gives may be larger than an integer of SQLite
            (*place, number, each.files, str(each.seed)) for place, each in drawn.items() if each.handed_in
        ]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO drawn VALUES (?, ?, ?, ?, ?)", rows)
