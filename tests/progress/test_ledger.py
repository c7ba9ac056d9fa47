"""The ledger: events in, state out; nothing lost, nothing changed, nothing earned twice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.report import Outcome, Report
from grader.course import Course
from grader.progress import database as ledger_file
from grader.progress import record
from grader.progress.learner import ID, Learner
from grader.progress.ledger import (
    ANONYMOUS,
    Duplicate,
    Ledger,
    LedgerError,
    Response,
    open_ledger,
)
from grader.sandbox.text import clean

LONG = os.environ.get("GRADER_LONG") == "1"
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


# --- exercises ----------------------------------------------------------------------------------------


def test_the_latest_check_counts(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        assert ledger.latest("exercise-1") is None
        ledger.record(SMALLER)
        ledger.record(TWO)
    with open_ledger(tiny_copy) as ledger:
        state = ledger.latest("exercise-1")
    assert state is not None
    assert (state.earned, state.credits, state.done) == (2, 5, False)
    assert state.outcomes == {"check_double_values": "passed", "check_scale_values": "failed"}


def test_the_best_check_is_the_balance_and_repeating_earns_nothing(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        assert ledger.best_checks() == {}
        for report in (TWO, ALL, ALL, ALL, TWO):
            ledger.record(report)
        found = ledger.best_checks().get("exercise-1")
        assert found is not None
        assert (found.earned, found.done) == (5, True)
        assert best(ledger) == {"exercise-1": 5}


def test_reports_are_recorded_by_one_function_of_the_room(tiny_copy: Course) -> None:
    record(tiny_copy, [TWO, ALL])
    with open_ledger(tiny_copy) as ledger:
        assert best(ledger) == {"exercise-1": 5}
    database(tiny_copy).write_bytes(b"no database at all, and longer than a header of one would be" * 20)
    with pytest.raises(LedgerError, match="move it away to start a new one"):
        record(tiny_copy, [ALL])


def test_checks_under_another_number_of_credits_do_not_count(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.record(ALL)
        ledger.record(SMALLER)  # today, the exercise is worth 2
        assert best(ledger) == {"exercise-1": 2}


def test_nothing_is_kept_of_a_block_that_fails(tiny_copy: Course) -> None:
    def fail(error: BaseException) -> None:
        with open_ledger(tiny_copy) as ledger:
            ledger.record(TWO)
            answer(ledger)
            raise error

    for error in (RuntimeError("half-way"), KeyboardInterrupt(), BrokenPipeError("not the file's fault")):
        with pytest.raises(type(error)):
            fail(error)
    with open_ledger(tiny_copy) as ledger:
        assert best(ledger) == {}
        assert ledger.sittings() == ()


# --- quizzes ------------------------------------------------------------------------------------------


def test_a_sitting_is_begun_resumed_and_finished(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        first = ledger.begin("gates", 3, "practice", ("half", "half-life"))
        assert (first.quiz, first.version, first.mode, first.number) == ("gates", 3, "practice", 1)
        assert (first.questions, first.finished) == (("half", "half-life"), None)
    with open_ledger(tiny_copy) as ledger:
        assert ledger.sittings("gates") == (first,)
        assert ledger.sittings("shapes") == ()
        ledger.finish(first.id)
        ledger.finish(first.id)
        assert ledger.begin("gates", 3, "graded", ()).number == 2
        assert ledger.begin("shapes", 1, "graded", ()).number == 1
        assert [one.number for one in ledger.sittings("gates")] == [1, 2]
        assert [one.quiz for one in ledger.sittings()] == ["gates", "gates", "shapes"]
        assert ledger.sittings()[0].finished is not None


def test_responses_come_back_as_they_were_typed(tiny_copy: Course) -> None:
    typed = ["6.58", " (4, 4)\n\n", "tanh\u202e\0", "λ" * 10_000, "'; DROP TABLE answered; --", ""]
    with open_ledger(tiny_copy) as ledger:
        sitting = ledger.begin("gates", 3, "practice", ("half",))
        sent = [
            Response(sitting.id, "gates", 3, "half", attempt, '{"k":7}', text, None, 0)
            for attempt, text in enumerate(typed, 1)
        ]
        ids = [ledger.respond(one) for one in sent]
    with open_ledger(tiny_copy) as ledger:
        found = ledger.responses("gates", "half")
        assert [one.id for one in found] == ids
        assert all(one.at.endswith("+00:00") for one in found)
        assert [replace(one, id=0, at="") for one in found] == sent
        assert ledger.responses("gates") == found
        assert ledger.responses("gates", "half-life") == ()


def test_bytes_that_are_no_text_do_not_break_the_ledger(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        sitting = ledger.begin("gates", 3, "practice", ("half",))
        ledger.respond(Response(sitting.id, "gates", 3, "half", 1, "{}", "a\udcffb", None, 0))
        assert ledger.responses("gates")[0].answer == "a\\udcffb"


def test_an_attempt_counts_once(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        answer(ledger)
        again = ledger.responses("gates", "half")[0]
        with pytest.raises(Duplicate, match="attempt 1 at gates/half is in the ledger already"):
            ledger.respond(again)
        ledger.finish(again.sitting)
        later = ledger.begin("gates", 3, "practice", ("half",))
        with pytest.raises(Duplicate):
            ledger.respond(replace(again, sitting=later.id))
        assert len(ledger.responses("gates")) == 1
        assert ledger.scores("gates") == {again.id: 0.6}


def test_a_response_is_marked_once_by_each_version(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        first, second = answer(ledger, score=0.5), answer(ledger, score=None)
        other = answer(ledger, quiz="gates-2", score=1.0)
        assert ledger.scores("gates") == {first: 0.5}
        assert [one.id for one in ledger.unmarked("gates", 3)] == [second]
        assert [one.id for one in ledger.unmarked("gates", 4)] == [first, second]
        ledger.mark(first, 3, 1.0, "a second time changes nothing")
        ledger.mark(first, 5, 0.25, "partly right")
        ledger.mark(second, 4, 1.0, "right")
        assert ledger.scores("gates") == {first: 0.25, second: 1.0}
        assert ledger.scores("gates", since=5) == {first: 0.25}
        assert [one.id for one in ledger.unmarked("gates", 5)] == [second]
        assert ledger.scores("gates-2") == {other: 1.0}
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            ledger.mark(first, 6, 1.5, "more than all")
    with open_ledger(tiny_copy) as ledger:
        ledger.login(ADA)
        assert ledger.scores("gates") == {}


def test_hints_and_flags_of_a_sitting(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        sitting = ledger.begin("gates", 3, "practice", ("half",)).id
        for number in (1, 1, 2, 1, 2):
            ledger.take_hint(sitting, "half", number)
        assert [ledger.hints_taken(sitting, one) for one in ("half", "other")] == [2, 0]
        for flagged in (True, True, False, True):
            ledger.flag(sitting, "half", flagged)
        ledger.flag(sitting, "other", True)
        ledger.flag(sitting, "other", False)
        assert ledger.flagged(sitting) == {"half"}
    with raw(tiny_copy) as connection:
        assert connection.execute("SELECT count(*) FROM quiz_hinted").fetchone() == (2,)


def test_the_latest_review_of_a_question_counts(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.record_review("gates", "half", '{"box":1}', "2030-01-05")
        ledger.record_review("gates", "other", '{"box":1}', "2030-01-03")
        ledger.record_review("gates", "half", '{"box":2}', "2030-01-02")
        found = list(ledger.review_states().items())
    half, other = ('{"box":2}', "2030-01-02"), ('{"box":1}', "2030-01-03")
    assert found == [(("gates", "half"), half), (("gates", "other"), other)]


# --- learners -----------------------------------------------------------------------------------------


def test_what_is_done_before_logging_in_stays_with_nobody(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        assert ledger.learner == ANONYMOUS
        ledger.record(ALL)
        ledger.login(ADA)
        assert best(ledger) == {}
    with open_ledger(tiny_copy) as ledger:
        assert ledger.learner == ADA
        ledger.login(ANONYMOUS)
        assert best(ledger) == {"exercise-1": 5}


def test_learners_of_one_folder_are_kept_apart(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        for learner, score in ((ADA, 0.5), (BEN, 0.25)):
            ledger.login(learner)
            ledger.record(ALL if learner == ADA else TWO)
            ledger.record_hint("exercise-1", "double")
            answer(ledger, score=score)
            ledger.record_review("gates", "half", learner.id, "2030-01-01")
        for learner, score, credits in ((ADA, 0.5, 5), (BEN, 0.25, 2)):
            ledger.login(learner)
            latest = ledger.latest("exercise-1")
            assert latest is not None
            assert latest.earned == credits
            assert best(ledger) == {"exercise-1": credits}
            assert list(ledger.scores("gates").values()) == [score]
            assert ledger.hints_shown("exercise-1", "double") == 1
            assert [one.number for one in ledger.sittings()] == [1]
            assert [one.attempt for one in ledger.responses("gates")] == [1]
            assert [state for state, _ in ledger.review_states().values()] == [learner.id]
        assert ledger.learners() == (ADA, BEN)


def test_a_sitting_is_closed_to_other_learners(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.login(ADA)
        response_id = answer(ledger)
        response = ledger.responses("gates")[0]
        ledger.login(BEN)  # in another terminal, while Ada's quiz waits in this one
        refused = "sitting 1 is not one of Ben's; log in as who began it"
        with pytest.raises(LedgerError, match=refused):
            ledger.respond(replace(response, attempt=1))
        with pytest.raises(LedgerError, match=refused):
            ledger.finish(1)
        with pytest.raises(LedgerError, match=refused):
            ledger.take_hint(1, "half", 1)
        with pytest.raises(LedgerError, match=refused):
            ledger.flag(1, "half", True)
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            ledger.mark(response_id, 4, 1.0, "right")
        assert best(ledger) == {}


def test_a_learner_may_change_the_name(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.login(ADA)
        ledger.record(ALL)
        ledger.login(Learner("ada", "Ada L."))
        ledger.login(Learner("ada", "Ada L."))
        assert ledger.learners() == (Learner("ada", "Ada L."),)
        assert best(ledger) == {"exercise-1": 5}
    with raw(tiny_copy) as connection:
        assert connection.execute("SELECT count(*) FROM logged_in").fetchone() == (2,)


@pytest.mark.parametrize(
    ("name", "learner_id"),
    [
        ("Ada Lovelace", "ada-lovelace"),
        ("  Søren Æble ", "soren-aeble"),
        ("Zoë O'Neil-Straße", "zoe-o-neil-strasse"),
        ("ada.l@example.org", "ada-l-example-org"),
        ("李明", "learner-4b3879b2"),
        ("王明", "learner-90fab777"),
        ("李 Li", "li-0520e480"),
        ("x" * 80, "x" * 48 + "-21280fe8"),
        ("!?", "learner-7b202a21"),
    ],
)
def test_an_id_is_made_from_the_name(name: str, learner_id: str) -> None:
    assert Learner.named(name) == Learner(learner_id, name.strip())


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "a\x1b[31mb", "a\u202eb", "\u200d", "\udcff"])
def test_a_name_is_printable_text(name: str) -> None:
    with pytest.raises(ValueError, match="a name is 1 to 80 characters of printable text") as caught:
        Learner.named(name)
    assert str(caught.value).encode().isascii()


def test_joiners_are_part_of_names() -> None:
    assert Learner.named("علی\u200cرضا").name == "علی\u200cرضا"


@pytest.mark.parametrize("learner_id", ["", "a b", "../x", "-a", "a.", "=1", "ä", "a" * 65, "a\n"])
def test_an_id_is_of_the_safe_set(learner_id: str) -> None:
    with pytest.raises(ValueError, match="an id is 1 to 64 small letters"):
        Learner(learner_id, "Ada")


def test_ids_are_typed_in_any_case() -> None:
    assert Learner.named("Ada", " S-1815@Example.ORG ") == Learner("s-1815@example.org", "Ada")


def test_nobody_takes_the_id_of_nobody() -> None:
    assert Learner.named("anonymous") == ANONYMOUS
    for name, learner_id in (("Ada", "anonymous"), ("Anonymous", None)):
        with pytest.raises(ValueError, match="is for whoever is not logged in"):
            Learner.named(name, learner_id)


@given(st.text(max_size=90))
def test_any_name_has_an_id_or_is_refused(name: str) -> None:
    refusals: list[str] = []
    try:
        learner = Learner.named(name)
        assert ID.fullmatch(learner.id)
        assert learner.name.strip()
    except ValueError as error:
        refusals.append(str(error))
    assert all(clean(one) == one and "\n" not in one for one in refusals)  # safe to print


# --- the file -----------------------------------------------------------------------------------------


OLD = """
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
PRAGMA user_version = 1;
"""
CHECKED = [
    (1, "2030-01-01T10:00:00+00:00", "exercise-1", 2, 5, '{"a": "passed"}', 7, "ab", "0.1.0"),
    (2, "2030-01-01T11:00:00+00:00", "exercise-1", 5, 5, '{"a": "passed"}', 8, "cd", "0.1.0"),
    (5, "2030-01-01T12:00:00+00:00", "exercise-2", 1, 8, '{"b": "failed"}', 9, "", "0.1.0"),
]
HINTED = [(1, "2030-01-01T10:30:00+00:00", "exercise-1", "double")]


def make_old(course: Course) -> None:
    """Write what the first version of the grader wrote."""
    course.state_folder.mkdir()
    with raw(course) as connection:
        connection.executescript(OLD)
        connection.executemany(f"INSERT INTO checked VALUES ({', '.join('?' * 9)})", CHECKED)
        connection.executemany("INSERT INTO hinted VALUES (?, ?, ?, ?)", HINTED)


def shape(course: Course) -> set[tuple[str, str, str]]:
    """Return everything that the file's schema consists of, spaces and order of columns aside."""
    with raw(course) as connection:
        rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    return {(kind, name, "".join(sql.split())) for kind, name, sql in rows}


def test_an_old_file_is_carried_over_without_loss(tiny_copy: Course, tmp_path: Path) -> None:
    make_old(tiny_copy)
    with open_ledger(tiny_copy) as ledger:
        assert ledger.learner == ANONYMOUS
        assert ledger.hints_shown("exercise-1", "double") == 1
        latest = ledger.latest("exercise-2")
        assert latest is not None
        assert (latest.earned, latest.at, latest.outcomes) == (1, CHECKED[2][1], {"b": "failed"})
        assert best(ledger) == {"exercise-1": 5, "exercise-2": 1}
    with raw(tiny_copy) as connection:
        columns = "id, at, exercise, earned, credits, outcomes, seed, source_sha256, grader_version"
        rows = connection.execute(f"SELECT {columns}, learner FROM checked").fetchall()
        assert rows == [(*one, "anonymous") for one in CHECKED]
        rows = connection.execute("SELECT id, at, exercise, function, learner FROM hinted").fetchall()
        assert rows == [(*one, "anonymous") for one in HINTED]
        with pytest.raises(sqlite3.IntegrityError, match="the ledger only grows"):
            connection.execute("DELETE FROM checked")
    fresh = Course(tmp_path, "fresh")
    with open_ledger(fresh):
        pass
    assert shape(fresh) == shape(tiny_copy)


def test_an_old_file_survives_a_migration_that_breaks_off(
    tiny_copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(tiny_copy)
    before = shape(tiny_copy)
    broken = (*ledger_file.VERSION_2[:-1], "CREATE TABLE checked (id)")
    monkeypatch.setattr(ledger_file, "MIGRATIONS", (ledger_file.VERSION_1, broken))
    with pytest.raises(LedgerError, match="already exists"), open_ledger(tiny_copy):
        pass
    assert shape(tiny_copy) == before
    monkeypatch.undo()
    with open_ledger(tiny_copy) as ledger:
        assert best(ledger) == {"exercise-1": 5, "exercise-2": 1}


def fill(course: Course) -> None:
    """Record something of every kind."""
    with open_ledger(course) as ledger:
        ledger.login(ADA)
        ledger.record(TWO)
        ledger.record_hint("exercise-1", "double")
        ledger.mark(answer(ledger), 3, 1.0, "right")
        ledger.take_hint(1, "half", 1)
        ledger.flag(1, "half", True)
        ledger.finish(1)
        ledger.record_review("gates", "half", "{}", "2030-01-01")


def test_every_table_is_strict(tiny_copy: Course) -> None:
    fill(tiny_copy)
    assert all("STRICT" in sql for kind, _, sql in shape(tiny_copy) if kind == "table")


def test_no_table_lets_anything_be_changed_or_deleted(tiny_copy: Course) -> None:
    fill(tiny_copy)
    path = database(tiny_copy)
    with raw(tiny_copy) as connection:
        columns = "at, learner, response, subject, topic, cents, worth, reason, version, note"
        values = "'now', 'ada', 1, 'quiz/gates/half', 'memory', 60, 60, 'earned', 3, ''"  # by an older grader
        connection.execute(f"INSERT INTO credited ({columns}) VALUES ({values})")
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        assert len(tables) == 11
        for table in tables:
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()
            assert rows, f"nothing was recorded in {table}"
            for order in (f"UPDATE {table} SET at = 'x'", f"DELETE FROM {table}"):
                refused = f"the ledger only grows: nothing in `{table}` is ever changed or deleted"
                with pytest.raises(sqlite3.IntegrityError, match=refused):
                    connection.execute(order)
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == rows
    with contextlib.closing(ledger_file.open_file(path)) as connection:
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


def test_a_newer_file_is_left_alone(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy):
        pass
    with raw(tiny_copy) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="newer grader"), open_ledger(tiny_copy):
        pass


def test_a_learner_that_cannot_be_is_not_shown(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy):
        pass
    with raw(tiny_copy) as connection:
        connection.execute("INSERT INTO logged_in (at, learner, name) VALUES ('', 'ada', 'A\x1b[2Jda')")
    with pytest.raises(LedgerError, match=r"holds U\+001B"), open_ledger(tiny_copy):
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
        course = Course(folder, "read-only")
        folder.chmod(0o555)
        with pytest.raises(LedgerError, match=r"progress\.db cannot be used \(Permission denied\)"):
            open_ledger(course).__enter__()
        folder.chmod(0o755)
        with open_ledger(course) as ledger:
            ledger.record(TWO)
        database(course).chmod(0o444)
        course.state_folder.chmod(0o555)
        with open_ledger(course) as ledger:
            assert best(ledger) == {"exercise-1": 2}  # it can still be read
        with (
            pytest.raises(LedgerError, match="make it and its folder writable"),
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


# --- several programs at once, and sudden ends --------------------------------------------------------


WRITER = """
import sys
import grader.progress.database as file
from grader.course import open_course
from grader.progress.ledger import Response, open_ledger

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
    count = 200
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
from grader.progress.ledger import Response, open_ledger

course, number = open_course(sys.argv[1]), 0
while True:
    with open_ledger(course) as ledger:
        sittings = ledger.sittings("gates") or [ledger.begin("gates", 1, "practice", ())]
        attempt = len(ledger.responses("gates", "half")) + 1
        response = Response(sittings[0].id, "gates", 1, "half", attempt, "{}", "x" * 3000, None, 0)
        ledger.mark(ledger.respond(response), 1, 1.0, "")
    print(attempt, flush=True)
"""


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


def test_opening_the_ledger_imports_nothing_heavy() -> None:
    program = "import sys, grader.progress.ledger; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"numpy", "pytest", "rich", "click", "asyncio"} & set(ran.stdout.split())


def test_outcomes_are_kept_as_json(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        ledger.record(TWO)
    with raw(tiny_copy) as connection:
        (outcomes,) = connection.execute("SELECT outcomes FROM checked").fetchone()
    assert json.loads(outcomes) == {"check_double_values": "passed", "check_scale_values": "failed"}
