"""What the edition before this one wrote, opened by this one: credits of exercises were moved since."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from grader.course import Course, open_course
from tests.helpers import Run

WRITTEN = Path(__file__).parent.parent / "fixtures" / "editions"
WAS, IS = "Whh=da @ h_prev.T", "Whh=h_prev @ da.T"


@pytest.fixture
def here(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Course:
    """The course in a folder of its own, where commands run; of solutions, exercise-3's alone."""
    folder = tmp_path / "here"
    leave = shutil.ignore_patterns("__pycache__", "*.svg", "*.png")
    shutil.copytree(course.root / "exercises", folder / "exercises", ignore=leave)
    shutil.copytree(course.root / "solutions/exercise-3", folder / "solutions/exercise-3", ignore=leave)
    shutil.copy(course.root / "course.yaml", folder)
    monkeypatch.chdir(folder)
    return open_course(folder)


def restore(name: str, path: Path, submissions: Path | None = None) -> None:
    """Make a database as the edition before left it; the folder of submissions may lie elsewhere."""
    path.parent.mkdir()
    statements = (WRITTEN / f"{name}.sql").read_text(encoding="utf-8")
    connection = sqlite3.connect(path)
    connection.executescript(statements.replace("/class/submissions", str(submissions)))
    connection.close()


def test_the_core_is_worth_a_hundred_credits(course: Course) -> None:
    files = [exercise.file for exercise in course.exercises()]
    assert sum(file.credits for file in files if not file.stretch) == 100


def test_a_ledger_counts_in_proportion_and_says_what_changed(run: Run, here: Course) -> None:
    restore("progress", here.state_folder / "progress.db")
    out = run("list").out
    rows = {line.split()[1]: line for line in out.splitlines() if line[:3] in ("  ✓", "  …", "  ·")}
    for name, stands in (  # they were 10 of 10, 12 of 12, 8 of 8, 11 of 14 and 7 of 10
        ("exercise-3", "✓ 8 of 8"),
        ("exercise-5", "✓ 9 of 9"),
        ("exercise-13", "✓ 8 of 8"),
        ("exercise-9", "… 7 of 9"),
        ("exercise-12", "… 7 of 10"),
    ):
        words = rows[name].split()
        assert " ".join((words[0], *words[-3:])) == stands
    told = "Worth other credits since you checked: exercise-3, exercise-5, exercise-9."
    assert f"{told} `grader check --all` counts anew." in " ".join(out.split())
    assert "32 of 100 credits and 7 of " in " ".join(out.split())
    for name, stands in (("exercise-9", "7 of 9"), ("exercise-3", "8 of 8")):
        row = next(line for line in run("credits").out.splitlines() if name in line)
        assert stands in " ".join(row.split())


def test_a_gradebook_opens_and_a_regrade_says_why_credits_moved(
    run: Run, here: Course, course: Course
) -> None:
    submissions, results = here.root / "submissions", here.root / "results"
    right = course["exercise-3"].solution_path.read_text(encoding="utf-8")
    assert WAS in right
    for name, text in (("ada", right), ("ben", right.replace(WAS, IS))):
        (submissions / name / "exercise-3").mkdir(parents=True)
        (submissions / name / "exercise-3" / "rnn_step_backward.py").write_text(text, encoding="utf-8")
    restore("grades", results / "grades.db", submissions)
    opened = run("export", "results", "gradescope", "--submission", "ada")
    assert (opened.code, '"score": 10.0,' in opened.out) == (0, True)
    ran = run("grade", "submissions", "--output", "results", "--exercise", "exercise-3", "--jobs", "1")
    assert ran.code == 0
    assert "ada, exercise-3: 10, now 8 (the exercise was worth 10 credits, and is worth 8 now" in " ".join(
        ran.out.split()
    )
    moved = (results / "moved.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[4:7] for row in moved[1:]] == [
        ['"10.00"', '"8.00"', '"-2.00"'],
        ['"7.00"', '"5.00"', '"-2.00"'],
    ]
