"""The ledger: events in, state out, safe with two processes at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from grader.course import Course
from grader.ledger import LedgerError, open_ledger
from grader.report.model import Outcome, Report

TWO = Report(
    "exercise-1",
    "Doubling",
    (
        Outcome("check_double_values", "t", "double", "passed", 2),
        Outcome("check_scale_values", "t", "scale", "failed", 3, "off"),
    ),
)
WRITER = """
import sys
from grader.course import find_course
from grader.ledger import open_ledger
course = find_course(sys.argv[1])
for _ in range(100):
    with open_ledger(course) as ledger:
        ledger.record_hint("exercise-1", "double")
"""


def test_the_latest_check_counts(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy) as ledger:
        assert ledger.latest("exercise-1") is None
        ledger.record(Report("exercise-1", "Doubling", TWO.outcomes[:1]))
        ledger.record(TWO)
    with open_ledger(tiny_copy) as ledger:
        state = ledger.latest("exercise-1")
    assert state is not None
    assert (state.earned, state.credits, state.done) == (2, 5, False)
    assert state.outcomes == {"check_double_values": "passed", "check_scale_values": "failed"}


def test_nothing_is_kept_of_a_block_that_fails(tiny_copy: Course) -> None:
    def fail() -> None:
        with open_ledger(tiny_copy) as ledger:
            ledger.record(TWO)
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail()
    with open_ledger(tiny_copy) as ledger:
        assert ledger.latest("exercise-1") is None


def test_two_processes_at_once_lose_nothing(tiny_copy: Course) -> None:
    command = [sys.executable, "-c", WRITER, str(tiny_copy.root)]
    writers = [subprocess.Popen(command) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    with open_ledger(tiny_copy) as ledger:
        assert ledger.hints_shown("exercise-1", "double") == 200


def test_a_damaged_file_is_one_sentence(tiny_copy: Course) -> None:
    tiny_copy.state_folder.mkdir()
    (tiny_copy.state_folder / "progress.db").write_bytes(b"no database at all" * 100)
    with (
        pytest.raises(LedgerError, match=r"progress\.db cannot be used .* move it away"),
        open_ledger(tiny_copy),
    ):
        pass


def test_a_newer_file_is_left_alone(tiny_copy: Course) -> None:
    with open_ledger(tiny_copy):
        pass
    connection = sqlite3.connect(tiny_copy.state_folder / "progress.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerError, match="newer grader"), open_ledger(tiny_copy):
        pass
