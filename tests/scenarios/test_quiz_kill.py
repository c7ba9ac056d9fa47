"""A quiz whose process is killed at random moments: no accepted answer is lost, no credit is given twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.course import Course
from grader.progress import Ledger, open_ledger
from grader.quiz.credits import balance
from tests.quiz.helpers import sample

KILLS = 200 if os.environ.get("GRADER_LONG") else 8
TYPED = [
    "1",
    "2",
    "3",
    "1 2",
    "1 3",
    "3 1 2",
    "7",
    "log(0.5)/log(0.9)",
    "(4*H, D+H)",
    "1a 2b 3c",
    "forget",
    "(4, 4)",
]
TYPED += ["4: column = x", "4: column = x[:, None]", "h", "y", "f", "s", "b", "l", "l 5", "", "?", "junk"]
WEIGHTS = [6] * 14 + [1] * 10


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")
def test_killed_at_random_moments(tiny_copy: Course) -> None:
    chance = random.Random(os.environ.get("GRADER_SEED", "7"))
    accepted: list[str] = []
    ends = set()
    for number in range(KILLS):
        out, code = run_and_kill(tiny_copy, chance, tiny_copy.root / "typed")
        ends.add(code)
        assert "Traceback" not in out
        accepted = compare(tiny_copy, accepted, answers_in(out), f"kill {number}")
    assert -signal.SIGKILL in ends
    assert len(accepted) >= KILLS // 2


def run_and_kill(course: Course, chance: random.Random, typed: Path) -> tuple[str, int]:
    """Type at random into a sitting, and kill it at some moment after its first words."""
    typed.write_text("\n".join(chance.choices(TYPED, WEIGHTS, k=400)) + "\n")
    command = [sys.executable, "-m", "grader", "--course", str(course.root), "quiz", "every-type"]
    with typed.open() as lines:
        process = subprocess.Popen(
            command, stdin=lines, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    assert process.stdout is not None
    started = time.monotonic()
    first = process.stdout.readline()
    time.sleep(chance.uniform(0, 2) * (time.monotonic() - started))  # a slow machine gets more time
    process.kill()
    rest = process.stdout.read()
    process.stdout.close()
    return first + rest, process.wait()


def answers_in(out: str) -> list[str]:
    """Return the answers that were accepted: what was typed last before each statement of credits."""
    found, typed = [], ""
    for line in out.splitlines():
        if line.startswith("> "):
            typed = line[2:]
        elif line.lstrip().startswith("credits: "):
            found.append(typed.strip())
    return found


def compare(course: Course, before: list[str], new: list[str], what: str) -> list[str]:
    """Hold the ledger against what was seen on the screen; return all answers in it."""
    path = course.state_folder / "progress.db"
    if not path.exists():
        assert new == []
        return []
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), what
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == [], what
    connection.close()
    with open_ledger(course) as ledger:
        stored = [one.answer.strip() for one in ledger.responses("every-type")]
        seen = before + new
        assert stored[: len(seen)] == seen, what  # nothing that was accepted is lost
        assert len(stored) <= len(seen) + 1, what  # one may have been stored, and not been told of
        hold_credits(ledger, len(stored))
    return stored


def hold_credits(ledger: Ledger, answers: int) -> None:
    """Every answer was marked, and each question has what its best sitting earned."""
    assert len(ledger.scores("every-type")) == answers
    credits = balance(ledger, sample())
    for one in sample().file.questions:
        earned = credits.by_question.get(one.id, 0)
        sittings = [credits.by_sitting.get((each.id, one.id), 0) for each in ledger.sittings("every-type")]
        assert earned == max(sittings)
        assert 0 <= earned <= 100 * one.credits
