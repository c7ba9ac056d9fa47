"""`grader login` and `grader credits` as a learner meets them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.course import Course
from grader.progress import Response, ledger, open_ledger
from grader.quiz.files import all_quizzes
from grader.reports.statement import COLUMNS
from grader.reports.text import decimal
from tests.helpers import Run, solve
from tests.reports.test_statement import SCHEMA, parsed


def test_login_is_remembered_and_shown(run: Run) -> None:
    assert run("login").out.startswith("nobody is logged in")
    assert "·" not in run("list").out.splitlines()[0]
    ran = run("login", "  Zoë Ångström ")
    assert (ran.code, ran.out) == (0, "logged in as Zoë Ångström (id zoe-angstrom)\n")
    assert run("login").out == ran.out
    assert run("list").out.splitlines()[0] == "A tiny course · Zoë Ångström"
    assert run("login", "Ada", "--id", "S1815").out == "logged in as Ada (id s1815)\n"
    assert run("credits").out.splitlines()[0] == "Credits of Ada (id s1815)"
    assert run("login", "anonymous").out.startswith("nobody is logged in")


def test_who_logs_in_first_takes_earlier_work_over_and_others_are_told_where_it_is(
    run: Run, tiny_copy: Course
) -> None:
    solve(tiny_copy)
    run("check", "exercise-1")
    assert "what was recorded before is yours now" in run("login", "Ada").out
    assert "7 of 7" in run("list").out
    run("login", "anonymous")
    assert "– of  7" in run("list").out
    run("check", "exercise-1")
    assert "`grader login anonymous` goes back to it" in run("login", "Ben").out
    assert "– of  7" in run("list").out
    run("login", "anonymous")
    assert "7 of 7" in run("list").out


def test_login_tells_when_an_id_is_known_already(run: Run) -> None:
    run("login", "Ada L.")
    assert "before" not in run("login", "Ada L.").out
    run("login", "Ben")
    assert "this id was Ada L.'s before" in run("login", "Ada-L").out
    assert "before" not in run("login", "Cem").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        ("a\u202eb",),
        ("x" * 81,),
        ("Ada", "--id", "../ada"),
        ("Ada", "--id", "anonymous"),
        ("--id", "x"),
    ],
)
def test_login_refuses_in_one_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run("login", *arguments)
    assert ran.code == 2
    assert ran.err.count("\nError: ") == 1
    assert len(ran.err.splitlines()) == 4  # how to call it, where help is, an empty line, the sentence
    assert "\u202e" not in ran.err
    assert run("login").out.startswith("nobody is logged in")


def test_credits_follow_the_best_check(run: Run, tiny_copy: Course) -> None:
    def earned() -> list[int]:
        document = json.loads(run("credits", "--format", "json").out)
        jsonschema.validate(document, SCHEMA)
        return [row["earned_cents"] for row in document["rows"] if row["kind"] == "exercise"]

    assert earned() == [0]
    solve(tiny_copy)
    run("check", "exercise-1")
    solution = tiny_copy["exercise-1"].stub_path
    solution.write_text("broken = ", encoding="utf-8")
    run("check", "exercise-1")
    assert "0 of  7" in run("list").out
    assert earned() == [700]


def answer_all(course: Course) -> int:
    """Answer every question of every quiz for 30 hundredths of its credits, and return how many these are."""
    count = 0
    with open_ledger(course) as ledger:
        for sheet in all_quizzes(course):
            sitting = ledger.begin(sheet.id, 1, "practice", ())
            for face in sheet.public.faces:
                response = Response(sitting.id, sheet.id, 1, face.id, 1, "{}", "x", None, 0)
                ledger.mark(ledger.respond(response), 1, 0.3, "")
                count += face.credits
    return count


def test_credits_of_quizzes_and_exercises_in_every_form(run: Run, tiny_copy: Course) -> None:
    run("login", "Ada")
    solve(tiny_copy)
    run("check", "exercise-1")
    expected = 700 + 30 * answer_all(tiny_copy)
    possible = 700 + 100 * sum(sheet.credits for sheet in all_quizzes(tiny_copy))

    document = json.loads(run("credits", "--format", "json").out)
    jsonschema.validate(document, SCHEMA)
    assert (document["earned_cents"], document["possible_cents"]) == (expected, possible)
    assert document["learner"] == {"id": "ada", "name": "Ada"}

    heading, *rows = parsed(run("credits", "--format", "csv").out)
    assert heading == COLUMNS
    assert len(rows) == len(document["rows"])
    assert sum(round(100 * float(row[6])) for row in rows) == expected

    lines = run("credits").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith(f"{decimal(expected)} of {decimal(possible)} credits")
    assert [line for line in lines if line in ("exercises", "quizzes", "topics")] == [
        "exercises",
        "quizzes",
        "topics",
    ]


def test_credits_without_quizzes(run: Run, tiny_copy: Course) -> None:
    for path in (tiny_copy.root / "quizzes").glob("*"):
        path.unlink()
    ran = run("credits")
    assert ran.code == 0
    assert "quizzes" not in ran.out
    assert ran.out.splitlines()[-1] == "0 of 7 credits · 7 to earn"


def test_an_exercise_that_lost_credits_is_not_worth_more_than_it_is(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    run("check", "exercise-1")
    path = tiny_copy.root / "exercises/exercise-1/exercise.yaml"
    path.write_text(path.read_text("utf-8").replace("credits: 7", "credits: 6"), encoding="utf-8")
    row = next(line for line in run("credits").out.splitlines() if "Doubling" in line)
    assert row.startswith("  ✓ exercise-1")
    assert row.split()[-3:] in (["6", "of", "6"], ["6.00", "of", "6.00"])


def test_a_ledger_in_the_way_is_one_sentence(run: Run, tiny_copy: Course) -> None:
    (tiny_copy.root / ".grader").write_text("in the way", encoding="utf-8")
    for arguments in (("credits",), ("login",), ("login", "Ada")):
        ran = run(*arguments)
        assert ran.code == 3
        assert "progress.db cannot be used" in ran.err
        assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", ["login Ada", "login", "credits", "submit", "quiz responses", "list"])
@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.EACCES, "one that you can write to"),
        (errno.EROFS, "one that you can"),
        (errno.ENOSPC, "make room"),
    ],
)
def test_a_course_that_cannot_be_written_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: str, number: int, cure: str
) -> None:
    def refuse(folder: Path) -> None:
        raise OSError(number, os.strerror(number), str(folder))

    monkeypatch.setattr("grader.progress.ledger.make_private_folder", refuse)
    ran = run(*arguments.split())
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "progress.db cannot be used" in ran.err
    assert cure in ran.err


def test_a_full_disk_is_one_sentence(run: Run, tiny_copy: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file may have one page more than it has, which no event fits into."""
    run("login", "Ada")
    opened = ledger.open_file

    @contextlib.contextmanager
    def full(*given: Any) -> Iterator[sqlite3.Connection]:
        with opened(*given) as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
            yield connection

    monkeypatch.setattr("grader.progress.ledger.open_file", full)
    for number in range(200):
        ran = run("login", f"{number} {'a' * 70}")
        if ran.code:
            break
    assert (ran.code, "make room on the disk" in ran.err) == (2, True)
    assert run("login").code == 0  # it can still be read
