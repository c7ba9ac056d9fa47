"""A class of submissions of which is known what each should earn, and how tests grade one."""

from __future__ import annotations

import itertools
import random
import re
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from grader.checks.report import Outcome, Report
from grader.checks.source import Source
from grader.classroom.batch import ExecutorConfig, grade
from grader.classroom.job import Task, TaskResults
from grader.course import Course, Exercise, open_course

Kind = Literal["right", "mistaken", "nothing"]
BROKEN = (
    "def broken(:\n",
    "",
    "\x00",
    "import torch\n",
    "raise RuntimeError('no')\n",
)
HOSTILE = (
    "import os\nos._exit(0)\n",
    "import sys\nsys.exit(0)\n",
    "import ctypes\nctypes.string_at(0)\n",
    "import builtins\nbuiltins.open('/etc/passwd')\n",
    "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
    "while True:\n    pass\n",
)
"""Ends or stops the process that loads it; the last one never ends."""


@dataclass(frozen=True)
class Answer:
    """One exercise as somebody hands it in."""

    kind: Kind
    text: str


def answers(exercise: Exercise) -> Iterator[Answer]:
    """Yield every known answer to an exercise: right ones, known mistakes, and what earns nothing."""
    solution = exercise.solution_path.read_text(encoding="utf-8")
    yield Answer("right", solution)
    for path in exercise.variants:
        yield Answer("right", path.read_text(encoding="utf-8"))
    yield Answer("nothing", exercise.stub_path.read_text(encoding="utf-8"))
    for one in exercise.misconceptions():
        yield Answer("mistaken", solution.replace(one.replace, one.with_))
    for text in (*BROKEN, *HOSTILE[:-1]):
        yield Answer("nothing", text)


def make_class(
    course: Course, ids: tuple[str, ...], folder: Path, count: int, seed: int = 1, *, hang: bool = False
) -> dict[tuple[str, str], Answer | None]:
    """Write submissions, half of them zips; every known answer is somewhere, or an even sample of them.

    Args:
        hang: whether one of them never ends.

    Returns:
        By submission and exercise what was handed in; None for nothing at all.
    """
    chance = random.Random(seed)
    handed: dict[tuple[str, str], Answer | None] = {}
    for exercise in (course[exercise_id] for exercise_id in ids):
        known = list(answers(exercise))
        known = known[:: -(-len(known) // (count - 2))]
        chosen: list[Answer | None] = [*known, *chance.choices(known[:12], k=count), None][:count]
        chosen[-1] = None
        if hang and exercise.id == ids[0]:
            chosen[-2] = Answer("nothing", HOSTILE[-1])
        chance.shuffle(chosen)
        for number, answer in enumerate(chosen):
            handed[f"student-{number:03}", exercise.id] = answer
    for number, (name, group) in enumerate(itertools.groupby(sorted(handed), key=lambda key: key[0])):
        files = {key[1]: handed[key] for key in group}
        _write(course, folder / name, {ex: one.text for ex, one in files.items() if one}, zipped=number % 2)
    return handed


def _write(course: Course, place: Path, files: dict[str, str], *, zipped: int) -> None:
    names = {f"{one}/{course[one].file.module}.py": text for one, text in files.items()}
    if zipped:
        place.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(place.with_name(f"{place.name}.zip"), "w") as archive:
            for name, text in names.items():
                archive.writestr(zipfile.ZipInfo(f"exercises/{name}"), text)
        return
    place.mkdir(parents=True)
    for name, text in names.items():
        path = place / "exercises" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")


DUMP = {
    "drawn": "SELECT * FROM drawn ORDER BY submission, exercise",
    "submissions": "SELECT * FROM submissions ORDER BY submission",
    "reports": "SELECT submission, exercise, key, report FROM reports ORDER BY submission, exercise",
}


class Run(NamedTuple):
    """How a class was graded: how many reports were made and kept, and what the grader broke on."""

    graded: int
    kept: int
    broken: Mapping[str, str]


def run(course: Course, folder: Path, results: Path, ids: tuple[str, ...], executor: ExecutorConfig) -> Run:
    """Grade a class, and hold that its progress is told from the beginning to the end."""
    told: list[tuple[int, int]] = []

    def on_progress(done: int, total: int) -> None:
        told.append((done, total))

    grades = grade(course, folder, results, exercises=ids, executor=executor, on_progress=on_progress)
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == told[0][1]
    return Run(told[-1][0] - told[0][0], told[0][0], grades.broken)


def content(results: Path) -> dict[str, list[object]]:
    """Return what a gradebook holds, without diagnoses.

    How far a search for mistakes gets depends on the machine, and in other processes no test stops its clock.
    """
    connection = sqlite3.connect(results / "grades.db")
    try:
        found = {table: [tuple(row) for row in connection.execute(order)] for table, order in DUMP.items()}
    finally:
        connection.close()
    return {table: [tuple(map(without_diagnosis, row)) for row in rows] for table, rows in found.items()}


def without_diagnosis(value: object) -> object:
    """Return a column of a gradebook without what a mistake looks like, if it is a report."""
    told = r'"diagnosis": "(?:[^"\\]|\\.)*"'
    return re.sub(told, '"diagnosis": ""', value) if isinstance(value, str) else value


def hand_in(folder: Path, name: str, text: str) -> Path:
    """Put one submission of the tiny course's exercise into the folder of a class."""
    path = folder / name / "exercise-1" / "doubling.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def right(course: Course) -> str:
    """Return the tiny course's solution."""
    return course["exercise-1"].solution_path.read_text()


class _Here(Executor):
    """Does at once, in this process, what it is given."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future


def by_word(task: Task) -> TaskResults:
    """Stand in for grading: ``# earns 3`` in a file says what it earns of its exercise; else it is all."""
    exercise, results = open_course(task.course)[task.exercise], list[tuple[str, Any]]()
    for key, source in task.work:
        assert isinstance(source, Source)
        said = re.search(rb"# earns (\d+)", source.data)
        earned = int(said[1]) if said else exercise.file.credits
        function = exercise.file.functions[0]
        outcomes = tuple(
            Outcome(f"check_{n}", f"Number {n} is right", function, "passed" if n < earned else "failed", 1)
            for n in range(exercise.file.credits)
        )
        report = Report(
            exercise.id, exercise.file.title, outcomes, seed=task.seed, source_sha256=source.sha256
        )
        results.append((key, report))
    return results


def here() -> ExecutorConfig:
    """Grade in this process, and nowhere else."""
    return ExecutorConfig(_Here, 1)


def at_once() -> ExecutorConfig:
    """Grade by the word of the files alone, without a worker."""
    return ExecutorConfig(_Here, 1, run_task=by_word, require=lambda confinement: None)
