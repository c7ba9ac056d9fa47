"""A whole class is graded as each submission alone would be, whatever is in it and whatever happens."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import math
import os
import pkgutil
import platform
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from grader.checks.report import Outcome, Report, reports_to_json
from grader.checks.run import check
from grader.checks.source import Source, read_source
from grader.classroom.batch import ExecutorConfig, grade, processes, require_here
from grader.classroom.collect import find_submissions
from grader.classroom.gradebook import merge, open_gradebook
from grader.classroom.job import BatchBroken, Task, TaskResults, bounded, run_task
from grader.classroom.standing import late_adjustments
from grader.classroom.tables import ManualAdjustment
from grader.course import CannotDo, Course, LatePolicy, NoSecret, open_course
from grader.progress import Learner
from grader.progress.grades import ClassGrades, Grade, Note
from grader.reports.classes import student_page
from grader.sandbox.pool import WorkerPool
from tests.classroom.helpers import Answer, content, hand_in, make_class, right, run

LONG = os.environ.get("GRADER_LONG") == "1"
IDS = ("exercise-1", "exercise-3", "exercise-4") if LONG else ("exercise-1", "exercise-4")
STUDENTS, ALONE = (200, 1000) if LONG else (32, 12)
"""Of a class, and how many mistaken answers are graded once more, each alone."""
KILLED, KILLS = (STUDENTS, 10) if LONG else (12, 2)


def grades_in(results: Path, course: Course) -> ClassGrades:
    with open_gradebook(results) as book:
        return book.class_grades(course)


def timeless(report: Report) -> Report:
    """Return a report without what depends on the machine: seconds."""
    outcomes = tuple(dataclasses.replace(one, seconds=0.0) for one in report.outcomes)
    return dataclasses.replace(report, outcomes=outcomes, seconds=0.0, round=0)


# --- a class ---


Handed = dict[tuple[str, str], Answer | None]


@pytest.fixture(scope="module")
def impatient(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of the course in which a file that never ends is stopped early."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("exercises", "solutions"):
        shutil.copytree(course.root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(course.root / "course.yaml", folder)
    with (folder / "exercises" / IDS[0] / "exercise.yaml").open("a", encoding="utf-8") as file:
        file.write("limits:\n  load_seconds: 0.5\n")
    return open_course(folder)


@pytest.fixture(scope="module")
def the_class(impatient: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Handed]:
    folder = tmp_path_factory.mktemp("class")
    return folder, make_class(impatient, IDS, folder, STUDENTS, hang=True)


@pytest.mark.slow
def test_every_student_of_a_class_gets_what_is_due(
    impatient: Course, the_class: tuple[Path, Handed], pool: WorkerPool, tmp_path: Path
) -> None:
    course, (folder, handed) = impatient, the_class
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
            if key not in alone and len(alone) < ALONE:
                alone[key] = by_itself(course, exercise, folder, name, report.seed, pool)
            if key in alone:
                assert timeless(report) == timeless(alone[key]), (name, exercise)
    assert len(alone) >= min(ALONE, 40)


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


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")
def test_a_killed_run_with_conflicts_stale_and_gone_rows_ends_the_same(
    tiny_copy: Course, tmp_path: Path
) -> None:
    folder, ids = tmp_path / "class", ("exercise-1",)
    names = [f"student-{number}" for number in range(30 if LONG else 15)]
    for number, name in enumerate(names):
        hand_in(folder, name, right(tiny_copy) if number % 3 else SOLUTION)
    run(tiny_copy, folder, tmp_path / "undisturbed", ids, processes(2))
    for name in ("student-1", "student-2"):
        shutil.rmtree(folder / name)
    with zipfile.ZipFile(folder / "student-3.zip", "w") as archive:  # whose folder is there as well
        archive.writestr("exercise-1/doubling.py", SOLUTION)
    hand_in(folder, "student-4", SOLUTION)
    (folder / "student-5.zip").write_bytes(b"no zip")
    checks = tiny_copy["exercise-1"].hidden_checks
    checks.write_text(
        f"{checks.read_text(encoding='utf-8')}    no_such_name\n", encoding="utf-8"
    )  # if all is right
    shutil.copytree(tmp_path / "undisturbed", tmp_path / "killed")
    assert started(tiny_copy, folder, tmp_path / "undisturbed", ids).wait(timeout=600) == 1
    states = {
        grade.submission: grade.state for grade in grades_in(tmp_path / "undisturbed", tiny_copy).grades
    }
    assert {*states.values()} >= {"graded", "problem", "set aside", "stale"}
    assert "student-1" not in states
    chance = random.Random(os.environ.get("GRADER_SEED", "4"))
    for _ in range(KILLS // 2):
        process = started(tiny_copy, folder, tmp_path / "killed", ids)
        time.sleep(chance.uniform(0.5, 6.0 if LONG else 3.0))
        process.kill()
        process.wait()
    assert started(tiny_copy, folder, tmp_path / "killed", ids).wait(timeout=600) == 1
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

    class Here(Executor):
        def submit(self, function, /, *arguments, **named):  # type: ignore[no-untyped-def]
            from concurrent.futures import Future

            future: Future[object] = Future()
            future.set_result(function(*arguments, **named))
            return future

    return ExecutorConfig(Here, 1)


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


def dies(task: Task) -> TaskResults:
    """End the process that grades bob."""
    if any(name == "bob" for name, _ in task.work):
        os._exit(1)
    return run_task(task)


@pytest.mark.slow
def test_a_process_that_dies_takes_nobody_with_it(tiny: Course, tmp_path: Path) -> None:
    for name in ("ada", "bob", "cleo"):
        hand_in(tmp_path / "class", name, right(tiny))
    executor = dataclasses.replace(processes(1), run_task=dies)
    assert list(run(tiny, tmp_path / "class", tmp_path / "results", ("exercise-1",), executor).broken) == [
        "bob"
    ]
    found = grades_in(tmp_path / "results", tiny).grades
    assert found[0].total_cents == found[2].total_cents == 100 * tiny["exercise-1"].file.credits
    assert (found[1].total_cents, found[1].state) == (None, "stale")
    assert "could not be graded: the process that graded it died, twice" in found[1].stale
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


# --- one submission and the others ---------------------------------------------------------------------

THREE = ("ada", "bob", "cleo")
ANSWERS = {
    "schema": "rnn-grader/responses/1",
    "grader_version": "1",
    "at": "2026-03-01T12:00:00+00:00",
    "quizzes": [],
}


@pytest.fixture
def three(tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A class of three who are right, each with answers to quizzes."""
    monkeypatch.setenv("GRADER_SECRET", "a secret of these tests")
    for name in THREE:
        path = hand_in(tmp_path / "class", name, f"{right(tiny)}# by {name}\n")
        answers = json.dumps({**ANSWERS, "learner": {"id": name, "name": name}})
        path.parents[1].joinpath("responses.json").write_text(answers)
    return tmp_path / "class"


def graded(course: Course, folder: Path, results: Path, **more: Any) -> ClassGrades:
    return grade(course, folder, results, exercises=["exercise-1"], executor=in_this_process(), **more)


def is_bob(value: object) -> bool:
    """Whether something is of the second of the three: a task's source, a report, or answers."""
    match value:
        case Source():
            return b"# by bob" in value.data
        case Report():
            return value.source_sha256 == hashlib.sha256(BOB[0]).hexdigest()
        case _:
            return getattr(value, "learner", None) == Learner("bob", "bob") or value == "bob"


BOB: list[bytes] = []
STAGES: dict[str, Exception] = {
    "checks.run.check_many": OverflowError("a date"),
    "job.bounded": RecursionError(),
    "quiz.grade.grade_submission": ValueError("\ud800"),
    "gradebook.reports_to_json": OSError(36, "File name too long"),
    "gradebook.Gradebook.store_quizzes": UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
}


@pytest.mark.parametrize(("stage", "error"), STAGES.items(), ids=STAGES)
def test_whatever_one_submission_breaks_is_told_of_that_one(
    stage: str, error: Exception, three: Path, tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    BOB[:] = [(three / "bob/exercise-1/doubling.py").read_bytes()]
    target = f"grader.{'' if stage.startswith(('checks', 'quiz')) else 'classroom.'}{stage}"
    whole = pkgutil.resolve_name(target)

    def broken(*arguments: Any, **named: Any) -> Any:
        inside = [each for value in arguments for each in (value if isinstance(value, list) else [value])]
        if any(map(is_bob, inside)) or (inside and isinstance(inside[0], bytes) and b'"bob"' in inside[0]):
            raise error
        return whole(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(target, broken)
        grades = graded(tiny, three, tmp_path / "results")
    full = 100 * tiny["exercise-1"].file.credits
    by_name = {each.submission: each for each in grades.grades}
    assert [by_name[name].total_cents for name in ("ada", "cleo")] == [full, full]
    assert (by_name["bob"].total_cents, by_name["bob"].state) == (None, "stale")
    assert list(grades.broken) == ["bob"]
    assert not grades.all_broken
    assert "could not be graded: " in by_name["bob"].stale
    assert type(error).__name__ in grades.broken["bob"]
    again = graded(tiny, three, tmp_path / "results")
    assert again.broken == {}, "what was not graded is tried again"
    assert [each.total_cents for each in again.grades] == [full, full, full]


def test_what_says_something_that_cannot_be_kept_is_told_of_that_one(
    three: Path, tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_submissions(three, [tiny["exercise-1"]])
    found[1].learner_name = "Bob\ud800"
    found[1].notes = (Note("odd", "says \udfff"),)
    monkeypatch.setattr("grader.classroom.batch.find_submissions", lambda *_: found)
    grades = graded(tiny, three, tmp_path / "results")
    full = 100 * tiny["exercise-1"].file.credits
    assert [each.total_cents for each in grades.grades] == [full, None, full]
    assert "could not be read: UnicodeEncodeError" in grades.grades[1].problem


def test_what_breaks_on_all_is_the_courses_fault(three: Path, tiny: Course, tmp_path: Path) -> None:
    executor = dataclasses.replace(
        in_this_process(), run_task=lambda task: [(key, "a check broke") for key, _ in task.work]
    )
    assert grade(tiny, three, tmp_path / "results", exercises=["exercise-1"], executor=executor).all_broken


def test_answers_are_graded_where_exercises_are(three: Path, tiny: Course, tmp_path: Path) -> None:
    done: list[tuple[str, int]] = []

    def run_it(task: Task) -> TaskResults:
        done.append((task.exercise, len(task.work)))
        return run_task(task)

    executor = dataclasses.replace(in_this_process(), run_task=run_it)
    grade(tiny, three, tmp_path / "results", exercises=["exercise-1"], executor=executor)
    assert done == [("exercise-1", 3), ("quizzes", 3)]
    (three / "ada" / "responses.json").write_text("[1")
    grades = grade(tiny, three, tmp_path / "results", exercises=["exercise-1"], executor=executor)
    assert done[2:] == [("quizzes", 1)]
    assert [each.title for each in grades.grades[0].quizzes] == ["Answers that cannot be read"]


def test_without_the_secret_exercises_are_graded_and_answers_wait(
    three: Path, tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever adds a file of answers would keep everybody from a grade."""
    results, full = tmp_path / "results", 100 * tiny["exercise-1"].file.credits
    for name in ("ada", "cleo"):
        (three / name / "responses.json").unlink()
    graded(tiny, three, results)

    def without(_: Course) -> None:  # as in a course with graded quizzes
        raise NoSecret("there is no secret here")

    with monkeypatch.context() as patched:
        patched.setattr("grader.quiz.grade.editions_of", without)
        grades = graded(tiny, three, results)
        assert [each.total_cents for each in grades.grades] == [full, None, full]
        assert "quizzes: there is no secret here" in grades.grades[1].stale
        assert grades.grades[1].raw_cents == full
    assert [each.total_cents for each in graded(tiny, three, results).grades] == [full, full, full]


@pytest.mark.parametrize("printed", ["\\x00", "&", "<", '"', "\N{GRINNING FACE}"])
def test_what_is_kept_of_a_report_has_a_limit_after_it_is_written_out(printed: str) -> None:
    outcomes = tuple(
        Outcome(f"check_{number}", "It works", "double", "failed", 1, "no", output=printed * 60_000)
        for number in range(12)
    )
    kept = bounded(Report("exercise-1", "Doubling", outcomes))
    assert len(reports_to_json([kept]).encode()) < 300_000
    page = student_page(Grade("ada", reports=(kept,), feedback={"exercise-1": "full"}))
    assert len(page.encode()) < 400_000
    assert all("characters left out" in each.output for each in kept.outcomes)
    honest = Report("exercise-1", "Doubling", (dataclasses.replace(outcomes[0], output="x" * 60_000),))
    assert bounded(honest) == honest


# --- rounds ---------------------------------------------------------------------------------------------


def seeds(grades: ClassGrades) -> dict[str, int]:
    return {each.submission: report.seed for each in grades.grades for report in each.reports}


def test_a_round_has_one_seed_on_every_machine(
    three: Path, tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = seeds(graded(tiny, three, tmp_path / "one"))
    assert len(set(first.values())) == 1
    parts = [graded(tiny, three, tmp_path / f"part-{i}", shard=(i, 2)) for i in (1, 2)]
    assert seeds(parts[0]) | seeds(parts[1]) == first
    assert {report.round for each in parts[0].grades for report in each.reports} == {1}
    second = seeds(graded(tiny, three, tmp_path / "two", round_number=2))
    assert len(set(second.values()) | set(first.values())) == 2
    monkeypatch.setenv("GRADER_SECRET", "another secret of these tests")
    assert seeds(graded(tiny, three, tmp_path / "three")).items().isdisjoint(first.items())
    assert seeds(graded(tiny, three, tmp_path / "one")) == first, "it was written down"


def test_without_a_secret_the_hidden_checks_are_one(
    tiny_copy: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRADER_SECRET", raising=False)
    for name in ("ada", "bob"):
        hand_in(tmp_path / "class", name, right(tiny_copy))
    of = {"quizzes": False}
    first = seeds(graded(tiny_copy, tmp_path / "class", tmp_path / "one", **of))
    assert seeds(graded(tiny_copy, tmp_path / "class", tmp_path / "two", **of)) == first
    check = tiny_copy["exercise-1"].hidden_checks
    check.write_text(check.read_text() + "# another comment\n")
    course = open_course(tiny_copy.root)
    assert seeds(graded(course, tmp_path / "class", tmp_path / "three", **of)) != first
    assert seeds(graded(course, tmp_path / "class", tmp_path / "one", **of)) == first, "the round goes on"


def test_what_is_handed_in_again_has_inputs_that_nobody_has_seen(
    three: Path, tiny: Course, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    first = seeds(graded(tiny, three, results))
    hand_in(three, "bob", f"{right(tiny)}# by bob, again\n")
    grades = graded(tiny, three, results)
    second = seeds(grades)
    assert {name for name in THREE if second[name] != first[name]} == {"bob"}
    report = grades.grades[1].reports[0]
    assert (report.round, report.resubmitted) == (1, True)
    assert "round 1, handed in again" in student_page(grades.grades[1])
    assert not grades.grades[0].reports[0].resubmitted
    told: list[tuple[int, int]] = []
    assert seeds(graded(tiny, three, results, on_progress=lambda *now: told.append(now))) == second
    assert told == [(3, 3)], "unchanged work keeps its result"
    hand_in(three, "bob", f"{right(tiny)}# by bob, once more\n")
    third = seeds(graded(tiny, three, results))
    assert third["bob"] not in (first["bob"], second["bob"])
    fourth = seeds(graded(tiny, three, results, round_number=2))
    assert len(set(fourth.values())) == 1
    assert seeds(graded(tiny, three, results)) == fourth
    with pytest.raises(CannotDo, match="in round 2"):
        graded(tiny, three, results, round_number=1)


def test_a_first_file_after_none_is_graded_as_everybody_s(three: Path, tiny: Course, tmp_path: Path) -> None:
    (three / "bob" / "exercise-1" / "doubling.py").unlink()
    graded(tiny, three, tmp_path / "results")
    hand_in(three, "bob", right(tiny))
    assert len(set(seeds(graded(tiny, three, tmp_path / "results")).values())) == 1


def test_a_seed_that_is_given_is_everybodys(three: Path, tiny: Course, tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert set(seeds(graded(tiny, three, results, seed=7)).values()) == {7}
    hand_in(three, "bob", f"{right(tiny)}# by bob, again\n")
    assert set(seeds(graded(tiny, three, results, seed=7)).values()) == {7}
    assert set(seeds(graded(tiny, three, results)).values()) == {7}, "the round has it now"
    assert set(seeds(graded(tiny, three, results, seed=10**30)).values()) == {10**30}


def test_rounds_are_not_merged(three: Path, tiny: Course, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    graded(tiny, three, one, shard=(1, 2))
    graded(tiny, three, two, shard=(2, 2), seed=7)
    with pytest.raises(CannotDo, match=r"one is of round 1 \(seed \d+\), .*two is of round 1 \(seed 7\)"):
        merge(tiny, [one, two], tmp_path / "all")
    graded(tiny, three, one, shard=(1, 2), seed=7)
    assert set(seeds(merge(tiny, [one, two], tmp_path / "all")).values()) == {7}
    hand_in(three, "bob", f"{right(tiny)}# by bob, again\n")
    assert seeds(graded(tiny, three, tmp_path / "all"))["bob"] != 7, "what was graded before is known"


def test_a_folder_without_a_submission_is_no_class(tiny: Course, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    with pytest.raises(CannotDo, match="class holds no submission; name their folder"):
        graded(tiny, tmp_path / "class", tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_a_module_that_cannot_be_read_is_no_number(three: Path, tiny: Course, tmp_path: Path) -> None:
    hand_in(three, "bob", " " * 2**21)
    bob = graded(tiny, three, tmp_path / "results").grades[1]
    assert (bob.submission, bob.state, bob.total_cents) == ("bob", "stale", None)
    assert "is larger than 1 MiB" in bob.stale


# --- machines -------------------------------------------------------------------------------------------


def test_a_machine_that_cannot_confine_is_refused_before_any_work(
    three: Path, tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.sandbox.process.LAYERS", ("account", "limits"))
    require_here.cache_clear()
    with pytest.raises(BatchBroken, match="seccomp missing"):
        graded(tiny, three, tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_what_is_not_confined_replaces_nothing_that_was(three: Path, tiny: Course, tmp_path: Path) -> None:
    results = tmp_path / "results"
    graded(tiny, three, results)
    hand_in(three, "bob", "")
    grades = graded(tiny, three, results, confinement="none")
    assert [each.state for each in grades.grades] == ["stale"] * 3
    assert "is not confined" in grades.grades[1].stale
    assert all(each.reports[0].passed for each in grades.grades)
    full = 100 * tiny["exercise-1"].file.credits
    assert [each.total_cents for each in graded(tiny, three, results).grades] == [full, 0, full]
    grades = graded(tiny, three, tmp_path / "other", confinement="none")
    assert [each.total_cents for each in grades.grades] == [full, 0, full]
    merged = merge(tiny, [results, tmp_path / "other"], tmp_path / "all")
    assert [each.state for each in merged.grades] == ["stale"] * 3
    merged = merge(tiny, [tmp_path / "other", results], tmp_path / "all")
    assert [each.total_cents for each in merged.grades] == [full, 0, full]


@pytest.mark.parametrize(
    ("claimed", "told"),
    [
        ("3.99.1", "; the manifest says it was written with 3.99"),
        ("3.99", "; the manifest says it was written with 3.99"),
        (platform.python_version(), ""),
        ("3.9999999.1", ""),
        ("\ud800" * 1000, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_what_is_not_python_here_may_be_with_another_version(
    claimed: object, told: str, tiny: Course, tmp_path: Path
) -> None:
    path = hand_in(tmp_path / "class", "ada", "def double(x:\n")
    manifest = {"schema": "rnn-grader/submission/1", "learner": {"id": "ada", "name": "Ada"}, "files": []}
    path.parents[1].joinpath("manifest.json").write_text(json.dumps({**manifest, "python": claimed}))
    grades = graded(tiny, tmp_path / "class", tmp_path / "results", quizzes=False)
    version = ".".join(platform.python_version_tuple()[:2])
    assert grades.grades[0].reports[0].notes == (f"graded with Python {version}{told}",)
