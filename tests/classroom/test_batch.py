"""A whole class is graded as each submission alone would be, whatever is in it and whatever happens."""

from __future__ import annotations

import dataclasses
import datetime
import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from grader.checks.report import Outcome, Report
from grader.checks.run import check
from grader.checks.source import read_source
from grader.classroom.batch import BatchBroken, ExecutorConfig, Task, TaskReports, processes, run_task
from grader.classroom.gradebook import ManualAdjustment, late_adjustments, open_gradebook
from grader.course import Course, LatePolicy, open_course
from grader.progress.grades import ClassGrades, Grade
from grader.sandbox.pool import WorkerPool
from tests.classroom.helpers import Answer, content, hand_in, make_class, right, run

LONG = os.environ.get("GRADER_LONG") == "1"
IDS = ("exercise-1", "exercise-3", "exercise-4")
STUDENTS = 200
KILLED, KILLS = (STUDENTS, 10) if LONG else (40, 3)


def grades_in(results: Path, course: Course) -> ClassGrades:
    with open_gradebook(results) as book:
        return book.class_grades(course)


def timeless(report: Report) -> Report:
    """Return a report without what depends on the machine: seconds, and how far a search got."""
    outcomes = tuple(dataclasses.replace(one, seconds=0.0, diagnosis="") for one in report.outcomes)
    return dataclasses.replace(report, outcomes=outcomes, seconds=0.0)


# --- two hundred students ---


Handed = dict[tuple[str, str], Answer | None]


@pytest.fixture(scope="module")
def the_class(course: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Handed]:
    folder = tmp_path_factory.mktemp("class")
    return folder, make_class(course, IDS, folder, STUDENTS, hang=True)


@pytest.mark.slow
def test_every_student_of_a_class_gets_what_is_due(
    course: Course, the_class: tuple[Path, Handed], pool: WorkerPool, tmp_path: Path
) -> None:
    folder, handed = the_class
    assert run(course, folder, tmp_path, IDS, processes(2)) == (len(handed), 0, {})
    grades = {one.submission: one for one in grades_in(tmp_path, course).grades}
    assert len(grades) == STUDENTS
    alone: dict[tuple[str, str], Report] = {}
    for (name, exercise), answer in handed.items():
        report = next(one for one in grades[name].reports if one.exercise == exercise)
        full = course[exercise].file.credits
        if answer is None or answer.kind == "nothing":
            assert report.earned == 0, (name, exercise, answer)
        elif answer.kind == "right":
            assert report.earned == full, (name, exercise, answer.text)
        else:
            assert report.earned < full, (name, exercise, answer.text)
            key = exercise, answer.text
            if key not in alone and (LONG or len(alone) < 40):
                alone[key] = by_itself(course, exercise, folder, name, report.seed, pool)
            if key in alone:
                assert timeless(report) == timeless(alone[key]), (name, exercise)
    assert len(alone) >= 40


def by_itself(course: Course, exercise: str, folder: Path, name: str, seed: int, pool: WorkerPool) -> Report:
    """Grade one exercise of one submission as `grader check` does."""
    found = course[exercise]
    place = folder / name / "exercises" if (folder / name).is_dir() else folder / f"{name}.zip"
    return check(found, read_source(found, place), pool=pool, seed=seed)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")
def test_a_killed_run_goes_on_and_ends_the_same(course: Course, tmp_path: Path) -> None:
    folder, ids = tmp_path / "class", IDS[:2]
    make_class(course, ids, folder, KILLED)
    run(course, folder, tmp_path / "undisturbed", ids, processes(2))
    chance = random.Random(os.environ.get("GRADER_SEED", "3"))
    counts = []
    for _ in range(KILLS):
        process = started(course, folder, tmp_path / "killed", ids)
        time.sleep(chance.uniform(0.5, 10.0 if LONG else 2.5))
        process.kill()
        process.wait()
        counts.append(rows(tmp_path / "killed"))
    assert counts == sorted(counts), "what was stored is never lost"
    last = started(course, folder, tmp_path / "killed", ids)
    assert last.wait(timeout=600) == 0
    assert content(tmp_path / "killed") == content(tmp_path / "undisturbed")


def started(course: Course, folder: Path, results: Path, ids: tuple[str, ...]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "grader", "--course", str(course.root), "grade", str(folder)]
    command += ["-o", str(results), *(word for one in ids for word in ("--exercise", one)), "--jobs", "2"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def rows(results: Path) -> int:
    return len(content(results)["reports"]) if (results / "grades.db").is_file() else 0


# --- one course, few students ---


SOLUTION = "import numpy as np\ndef double(x):\n    return 2 * x\n"


def in_this_process() -> ExecutorConfig:
    """Do tasks here, so that a test sees what happens."""

    class Here(ProcessPoolExecutor):
        def submit(self, function, /, *arguments, **named):  # type: ignore[no-untyped-def]
            from concurrent.futures import Future

            future: Future[object] = Future()
            future.set_result(function(*arguments, **named))
            return future

    return ExecutorConfig(lambda: Here(1), 1)


def test_a_second_run_grades_what_has_changed(tiny_copy: Course, tmp_path: Path) -> None:
    folder, results = tmp_path / "class", tmp_path / "results"
    hand_in(folder, "ada", right(tiny_copy))
    hand_in(folder, "bob", "")

    def again() -> tuple[int, int]:
        course = open_course(tiny_copy.root)
        return run(course, folder, results, ("exercise-1",), in_this_process())[:2]

    assert again() == (2, 0)
    assert again() == (0, 2)
    hand_in(folder, "bob", right(tiny_copy))
    assert again() == (1, 1)
    check = tiny_copy["exercise-1"].hidden_checks
    check.write_text(check.read_text() + "# another comment\n")
    assert again() == (2, 0)
    found = grades_in(results, tiny_copy)
    assert [one.raw_cents for one in found.grades] == 2 * [found.possible_cents]


def dies(task: Task) -> TaskReports:
    """End the process that grades bob."""
    if any(name == "bob" for name, _ in task.sources):
        os._exit(1)
    return run_task(task)


def test_a_process_that_dies_takes_nobody_with_it(tiny: Course, tmp_path: Path) -> None:
    for name in ("ada", "bob", "cleo"):
        hand_in(tmp_path / "class", name, right(tiny))
    executor = dataclasses.replace(processes(1), run_task=dies)
    assert list(run(tiny, tmp_path / "class", tmp_path / "results", ("exercise-1",), executor).broken) == [
        "bob"
    ]
    earned = [one.raw_cents for one in grades_in(tmp_path / "results", tiny).grades]
    assert earned[0] == earned[2] > earned[1] == 0
    again = run(tiny, tmp_path / "class", tmp_path / "results", ("exercise-1",), processes(1))
    assert again == (1, 2, {}), "what was not graded is tried again"


def test_a_broken_course_stops_the_run_in_one_sentence(tiny_copy: Course, tmp_path: Path) -> None:
    hand_in(tmp_path / "class", "ada", right(tiny_copy))
    tiny_copy["exercise-1"].hidden_checks.write_text("def check_nothing(:\n")
    with pytest.raises(BatchBroken, match="a check file cannot be loaded"):
        run(tiny_copy, tmp_path / "class", tmp_path / "results", ("exercise-1",), in_this_process())


def test_adjustments_survive_a_regrade(tiny_copy: Course, tmp_path: Path) -> None:
    folder, results = tmp_path / "class", tmp_path / "results"
    hand_in(folder, "ada", right(tiny_copy))
    run(tiny_copy, folder, results, ("exercise-1",), in_this_process())
    before = grades_in(results, tiny_copy).grades[0]
    with open_gradebook(results) as book:
        book.adjust(ManualAdjustment("2026-01-01T00:00:00+00:00", "ada", "exercise-1", -150, "copied"))
    hand_in(folder, "ada", right(tiny_copy) + "# more\n")
    run(tiny_copy, folder, results, ("exercise-1",), in_this_process())
    after = grades_in(results, tiny_copy).grades[0]
    assert (after.raw_cents, after.cents) == (before.cents, before.cents - 150)
    assert [one.reason for one in after.adjustments] == ["copied"]
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        sqlite3.connect(results / "grades.db").execute("DELETE FROM adjustments")


# --- late ---


def report(earned: int) -> Report:
    return Report("exercise-1", "Doubling", (Outcome("check", "It works", "double", "passed", earned),))


DUE = "2026-03-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("hours", "learner", "lost"),
    [(0, "ada", 0), (1, "ada", 100), (24, "ada", 100), (25, "ada", 200), (500, "ada", 500), (40, "bob", 0)],
)
def test_each_day_begun_costs_its_share_up_to_the_cap(hours: int, learner: str, lost: int) -> None:
    policy = LatePolicy(DUE, per_day=10, at_most=50, extensions={"bob": 2})
    received = datetime.datetime.fromisoformat(DUE) + datetime.timedelta(hours=hours)
    found = list(late_adjustments(policy, learner, received, [report(10)]))
    assert sum(one.cents for one in found) == -lost
    assert Grade("x", adjustments=tuple(found)).cents == 0
    if lost:
        assert "day" in found[0].reason
        assert "of 10 credits" in found[0].reason


def test_an_exercise_may_have_a_deadline_of_its_own() -> None:
    later = "2026-04-01T12:00:00+02:00"
    policy = LatePolicy(DUE, {"exercise-1": later}, per_day=10)
    received = datetime.datetime.fromisoformat("2026-03-20T00:00:00+00:00")
    assert not list(late_adjustments(policy, "ada", received, [report(10)]))


@pytest.mark.parametrize(("after", "cents"), [("18:00:01", 0), ("18:10:00", 0), ("18:10:01", -100)])
def test_minutes_of_grace_cost_nothing(after: str, cents: int) -> None:
    """After them, days count from the deadline, as ever."""
    policy = LatePolicy("2026-03-01T18:00:00+00:00", per_day=10, grace_minutes=10)
    received = datetime.datetime.fromisoformat(f"2026-03-01T{after}+00:00")
    assert sum(entry.cents for entry in late_adjustments(policy, "ada", received, [report(10)])) == cents


def test_a_penalty_by_a_file_s_time_says_so() -> None:
    policy = LatePolicy("2026-03-01T18:00:00+00:00", per_day=10)
    received = datetime.datetime(2026, 3, 1, 19, tzinfo=datetime.UTC)
    (entry,) = late_adjustments(policy, "ada", received, [report(10)], "file")
    assert "received 2026-03-01 19:00 UTC by the time of the file; 10 % of 10 credits" in entry.reason


def test_a_file_s_time_is_noted_where_lateness_costs(tiny_copy: Course, tmp_path: Path) -> None:
    hand_in(tmp_path / "in", "ada", right(tiny_copy))
    run(tiny_copy, tmp_path / "in", tmp_path / "out", ("exercise-1",), in_this_process())
    assert grades_in(tmp_path / "out", tiny_copy).grades[0].notes == ()
    late = dataclasses.replace(tiny_copy, late=LatePolicy("2100-01-01T00:00:00Z", per_day=10))
    (note,) = grades_in(tmp_path / "out", late).grades[0].notes
    assert (note.kind, note.decide) == ("file-time", False)


@pytest.mark.parametrize("minutes", [-1, 1441, math.inf, math.nan])
def test_grace_is_less_than_a_day(minutes: float) -> None:
    with pytest.raises(ValueError, match="`grace_minutes` is a number of minutes, from 0 to 1440"):
        LatePolicy(grace_minutes=minutes)


@pytest.mark.parametrize("text", ["tomorrow", "2026-03-01", "2026-03-01T12:00:00"])
def test_a_deadline_without_its_zone_is_refused(tiny_copy: Course, text: str) -> None:
    path = tiny_copy.root / "course.yaml"
    path.write_text(f"{path.read_text()}late:\n  deadline: '{text}'\n")
    with pytest.raises(Exception, match="offset from UTC"):
        open_course(tiny_copy.root)
