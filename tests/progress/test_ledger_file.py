"""The file under the ledger: carried over from older ones, never changed, whole after a sudden end."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.progress import CannotWrite, LedgerError, ledger as ledger_file, open_ledger
from tests.conftest import DURABLE
from tests.progress.helpers import ADA, TWO, answer, best, database, raw

LONG = os.environ.get("GRADER_LONG") == "1"


OLD = Path(__file__).parents[1] / "fixtures" / "ledgers" / "one-version.db"
"""What the first version wrote that anybody was given."""


def make_old(course: Course) -> None:
    course.state_folder.mkdir()
    shutil.copy(OLD, database(course))


def rows(course: Course) -> dict[str, list[tuple[object, ...]]]:
    """Return all that is recorded, by its table."""
    with raw(course) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}


def shape(course: Course) -> set[tuple[str, str, str]]:
    """Return everything that the file's schema consists of, spaces and order of columns aside."""
    with raw(course) as connection:
        rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    return {(kind, name, "".join(sql.split())) for kind, name, sql in rows}


def test_an_old_file_is_carried_over_without_loss(tiny_copy: Course, tmp_path: Path) -> None:
    make_old(tiny_copy)
    before = rows(tiny_copy)
    assert all(before[name] for name in ("checked", "answered", "credited"))
    with open_ledger(tiny_copy) as ledger:
        assert len(ledger.learners()) == len({learner for _, _, learner, _ in before["logged_in"]})
    after = rows(tiny_copy)
    assert {name: after[name] for name in before} == before
    assert sorted(after.keys() - before.keys()) == ["adopted", "marked"]
    with raw(tiny_copy) as connection, pytest.raises(sqlite3.IntegrityError, match="the ledger only grows"):
        connection.execute("DELETE FROM checked")
    fresh = Course(root=tmp_path, title="fresh")
    with open_ledger(fresh):
        pass
    assert shape(fresh) == shape(tiny_copy)


def test_an_old_file_survives_a_migration_that_breaks_off(
    tiny_copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(tiny_copy)
    before, recorded = shape(tiny_copy), rows(tiny_copy)
    broken = (*ledger_file.MIGRATIONS[:3], ("CREATE TABLE checked (id)",))
    monkeypatch.setattr(ledger_file, "MIGRATIONS", broken)
    with pytest.raises(LedgerError, match="already exists"), open_ledger(tiny_copy):
        pass
    assert (shape(tiny_copy), rows(tiny_copy)) == (before, recorded)
    monkeypatch.undo()
    with open_ledger(tiny_copy) as ledger:
        assert ledger.learners()


def fill(course: Course) -> None:
    """Record something of every kind."""
    with open_ledger(course) as ledger:
        ledger.login(ADA)
        ledger.record(TWO)
        ledger.append("hinted", exercise="exercise-1", function="double")
        ledger.mark(answer(ledger), 3, 1.0, "right")
        ledger.take_hint(1, "half", 1)
        ledger.flag(1, "half", True)
        ledger.finish(1)
        ledger.append("reviewed", quiz="gates", question="half", state="{}", due="2030-01-01")


def test_every_table_is_strict(tiny_copy: Course) -> None:
    fill(tiny_copy)
    assert all("STRICT" in sql for kind, _, sql in shape(tiny_copy) if kind == "table")


def test_no_table_lets_anything_be_changed_or_deleted(
    tiny_copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "SETTINGS", DURABLE)
    fill(tiny_copy)
    path = database(tiny_copy)
    with raw(tiny_copy) as connection:
        columns = "at, learner, response, subject, topic, cents, worth, reason, version, note"
        values = "'now', 'ada', 1, 'quiz/gates/half', 'memory', 60, 60, 'earned', 3, ''"  # by an older grader
        connection.execute(f"INSERT INTO credited ({columns}) VALUES ({values})")
        connection.execute("INSERT INTO adopted (at, learner) VALUES ('now', 'ada')")
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        assert len(tables) == 12
        for table in tables:
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()
            assert rows, f"nothing was recorded in {table}"
            for order in (f"UPDATE {table} SET at = 'x'", f"DELETE FROM {table}"):
                refused = f"the ledger only grows: nothing in `{table}` is ever changed or deleted"
                with pytest.raises(sqlite3.IntegrityError, match=refused):
                    connection.execute(order)
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == rows
    with ledger_file.open_file(path) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="the ledger only grows"):
            connection.execute("REPLACE INTO flagged VALUES (1, 'now', 1, 'half', 0)")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.execute("INSERT INTO finished (at, sitting) VALUES ('now', 99)")
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_damaged_file_is_one_sentence(tiny_copy: Course) -> None:
    tiny_copy.state_folder.mkdir()
    database(tiny_copy).write_bytes(b"no database at all" * 100)
    with (
        pytest.raises(LedgerError, match=r"progress\.db cannot be used .* move it away"),
        open_ledger(tiny_copy),
    ):
        pass


def test_damage_inside_the_file_is_one_sentence_and_never_a_crash(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        for number in range(40):
            answer(ledger, f"question-{number}")
    whole = database(tiny_copy).read_bytes()
    draw = random.Random(1)
    refusals: list[str] = []
    for _ in range(60):
        damaged = bytearray(whole)
        start = draw.randrange(100, len(whole) - 200)
        damaged[start : start + 200] = draw.randbytes(200)
        database(tiny_copy).write_bytes(damaged)
        try:
            with open_ledger(tiny_copy) as ledger:
                ledger.responses("gates")
        except LedgerError as error:
            refusals.append(str(error))
    assert refusals
    assert all("progress.db cannot be used" in one and "\n" not in one for one in refusals)


def test_a_file_older_than_any_that_people_have_is_left_alone(tiny_copy: Course) -> None:
    tiny_copy.state_folder.mkdir()
    with raw(tiny_copy) as connection:
        connection.executescript("CREATE TABLE checked (id INTEGER PRIMARY KEY); PRAGMA user_version = 1;")
    before = database(tiny_copy).read_bytes()
    with pytest.raises(LedgerError, match="move it away to start a new one"), open_ledger(tiny_copy):
        pass
    assert database(tiny_copy).read_bytes() == before


def test_a_newer_file_is_left_alone(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy):
        pass
    with raw(tiny_copy) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="newer grader"), open_ledger(tiny_copy):
        pass


def test_a_file_in_use_is_waited_for_and_then_named(
    tiny_copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
    with open_ledger(tiny_copy) as ledger:
        ledger.record(TWO)
        with (
            pytest.raises(LedgerError, match="another program is using it; try again"),
            open_ledger(tiny_copy),
        ):
            pass
    with open_ledger(tiny_copy) as ledger:
        assert ledger.latest("exercise-1") is not None


@contextlib.contextmanager
def unprivileged() -> Iterator[Path]:
    """Offer a folder to someone who is not root, which no permission would stop."""
    folder = Path(tempfile.mkdtemp())
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        folder.chmod(0o755)
        if root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        for inner in folder.iterdir():
            inner.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
def test_a_folder_that_cannot_be_written_is_one_sentence() -> None:
    with unprivileged() as folder:
        course = Course(root=folder, title="read-only")
        folder.chmod(0o555)
        with pytest.raises(CannotWrite, match=r"progress\.db cannot be used \(Permission denied\)"):
            open_ledger(course).__enter__()
        folder.chmod(0o755)
        with open_ledger(course) as ledger:
            ledger.record(TWO)
        database(course).chmod(0o444)
        course.state_folder.chmod(0o555)
        with open_ledger(course) as ledger:
            assert best(ledger) == {"exercise-1": 2}  # it can still be read
        with (
            pytest.raises(CannotWrite, match="make it and its folder writable"),
            open_ledger(course) as ledger,
        ):
            ledger.record(TWO)


def test_a_file_that_was_written_ahead_has_the_older_journal(tiny_copy: Course) -> None:
    fill(tiny_copy)
    with raw(tiny_copy) as connection:
        assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    with open_ledger(tiny_copy) as ledger:
        answer(ledger, "other")
        assert not list(tiny_copy.state_folder.glob("*-wal")) + list(tiny_copy.state_folder.glob("*-shm"))
    with raw(tiny_copy) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    with open_ledger(tiny_copy) as ledger:
        assert len(ledger.scores("gates")) == 2


WRITER = """
import sys
import grader.progress.ledger as file
from grader.course import open_course
from grader.progress import Response, open_ledger

file.BUSY_SECONDS = 600.0
course, first = open_course(sys.argv[1]), int(sys.argv[2])
for number in range(int(sys.argv[3])):
    question = f"q{(first + number) % 20}"
    with open_ledger(course) as ledger:
        sittings = ledger.sittings("gates") or [ledger.begin("gates", 1, "practice", ())]
        attempt = len(ledger.responses("gates", question)) + 1
        response = Response(sittings[0].id, "gates", 1, question, attempt, "{}", str(number), None, 0)
        ledger.mark(ledger.respond(response), 1, 1.0, "")
"""


def test_two_programs_at_once_lose_nothing_and_mark_nothing_twice(tiny_copy: Course) -> None:
    count = 200 if LONG else 60
    command = [sys.executable, "-c", WRITER, str(tiny_copy.root)]
    writers = [subprocess.Popen([*command, first, str(count)]) for first in ("0", "7")]
    assert [writer.wait(900) for writer in writers] == [0, 0]
    with open_ledger(tiny_copy) as ledger:
        assert len(ledger.sittings("gates")) == 1
        for number in range(20):
            attempts = [one.attempt for one in ledger.responses("gates", f"q{number}")]
            assert attempts == list(range(1, count // 10 + 1))
        assert len(ledger.scores("gates")) == 2 * count


VICTIM = """
import sys
from grader.course import open_course
from grader.progress import Response, open_ledger

course, number = open_course(sys.argv[1]), 0
while True:
    with open_ledger(course) as ledger:
        sittings = ledger.sittings("gates") or [ledger.begin("gates", 1, "practice", ())]
        attempt = len(ledger.responses("gates", "half")) + 1
        response = Response(sittings[0].id, "gates", 1, "half", attempt, "{}", "x" * 3000, None, 0)
        ledger.mark(ledger.respond(response), 1, 1.0, "")
    print(attempt, flush=True)
"""


@pytest.mark.slow
def test_a_sudden_end_loses_nothing_that_was_acknowledged(tiny_copy: Course) -> None:
    draw, acknowledged = random.Random(3), 0
    for _ in range(200 if LONG else 15):
        command = [sys.executable, "-c", VICTIM, str(tiny_copy.root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
            assert victim.stdout is not None
            first = victim.stdout.readline()
            time.sleep(draw.uniform(0, 0.05))
            victim.kill()
            lines = [first, *victim.stdout]
        before, acknowledged = acknowledged, int([one for one in lines if one.endswith("\n")][-1])
        assert acknowledged > before
        with open_ledger(tiny_copy) as ledger:
            kept = len(ledger.responses("gates", "half"))
            assert acknowledged <= kept <= acknowledged + 1  # the last one may have been kept, unheard of
            assert len(ledger.scores("gates")) == kept  # an answer and its score are kept together
            assert len(ledger.sittings()) == 1
        with raw(tiny_copy) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
