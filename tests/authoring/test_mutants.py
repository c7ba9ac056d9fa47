"""`grader verify --mutants` names what no check sees, and holds the reviewed list to its word."""

from __future__ import annotations

import ast
import os

import pytest
from click.testing import CliRunner

from grader.authoring.mutants import REVIEWED, Equivalent, Trial, try_mutants
from grader.cli import grader
from grader.course import Course, strict_yaml, written
from grader.sandbox.changes import Mutant, mutants
from tests.helpers import edit

FOLDER = "solutions/exercise-1"
SCALE = "    return stretched + offset"
ENTRY = """- function: {function}
  before: '{before}'
  after:
    - '{after}'
  because: '{because}'
"""


def tried(course: Course) -> Trial:
    (trial,) = try_mutants(course, jobs=1)
    return trial


def review(
    course: Course, before: str, after: str, because: str = "a reason", function: str = "double"
) -> None:
    text = ENTRY.format(function=function, before=before, after=after, because=because)
    (course.root / FOLDER / REVIEWED).write_text(text, encoding="utf-8")


def copying(course: Course) -> None:
    """Give the solution a copy that it does not need: to drop it is an equivalent mutant."""
    edit(course.root / FOLDER / "doubling.py", "    return 2 * x  #", "    return 2 * x.copy()  #")


def weaken(course: Course) -> None:
    """Let no check look at the offset."""
    for path in (
        course.root / "exercises/exercise-1/check_doubling.py",
        course.root / FOLDER / "check_doubling_hidden.py",
    ):
        edit(path, "student.scale(x, pair), reference.scale(x, pair)", "0 * student.scale(x, pair), 0 * x")


def test_strong_checks_kill_every_mutant(tiny: Course) -> None:
    trial = tried(tiny)
    assert trial.mutants >= 10
    assert trial == Trial("exercise-1", trial.mutants)


def test_what_a_weak_check_overlooks_is_named(tiny_copy: Course) -> None:
    weaken(tiny_copy)
    faults = tried(tiny_copy).faults
    said = "doubling.py:41: `return stretched + offset` -> `return stretched - offset` in scale keeps every"
    assert any(said in fault and "`scale` answers otherwise" in fault for fault in faults), faults


@pytest.mark.slow
def test_what_answers_otherwise_is_not_excused_by_the_list(tiny_copy: Course) -> None:
    weaken(tiny_copy)
    before, after = "return stretched + offset", "return stretched - offset"
    review(tiny_copy, before, after, function="scale")
    trial = tried(tiny_copy)
    assert trial.equivalent == 0
    assert any(after in fault for fault in trial.faults)


@pytest.mark.slow
def test_an_equivalent_mutant_is_to_be_argued(tiny_copy: Course) -> None:
    copying(tiny_copy)
    (fault,) = tried(tiny_copy).faults
    assert "`return 2 * x.copy()` -> `return 2 * x` in double" in fault
    assert "same on " in fault
    assert REVIEWED in fault
    review(tiny_copy, "return 2 * x.copy()", "return 2 * x")
    trial = tried(tiny_copy)
    assert (trial.equivalent, trial.faults) == (1, ())


@pytest.mark.parametrize(
    ("before", "after", "because", "said"),
    [
        ("return 2 * x", "return 3 * x", "a reason", f"{REVIEWED}:1: lists `return 2 * x` -> `return 3 * x`"),
        ("return 2 * x", "return 3 * x", " ", "`because` is empty"),
    ],
)
def test_a_stale_or_silent_entry_is_a_fault(
    tiny_copy: Course, before: str, after: str, because: str, said: str
) -> None:
    review(tiny_copy, before, after, because)
    assert any(said in fault for fault in tried(tiny_copy).faults)


@pytest.mark.slow
def test_shares_add_up_to_the_whole(tiny: Course) -> None:
    assert try_mutants(tiny, jobs=2) == try_mutants(tiny, jobs=1)


@pytest.mark.slow
def test_the_command_exits_with_3_on_a_survivor(tiny: Course, tiny_copy: Course) -> None:
    command = ["verify", "--mutants", "--jobs", "1", "exercise-1"]
    good = CliRunner().invoke(grader, ["--course", str(tiny.root), *command])
    assert (good.exit_code, good.output.splitlines()[-1].split()[-1]) == (0, "ok")
    weaken(tiny_copy)
    bad = CliRunner().invoke(grader, ["--course", str(tiny_copy.root), *command])
    assert bad.exit_code == 3


@pytest.fixture(scope="module")
def known(course: Course) -> dict[str, list[Mutant]]:
    """All mutants of the solutions, by exercise; to make them takes seconds."""
    return {
        one.id: list(mutants(one.solution_path.read_text(encoding="utf-8"), written(one)))
        for one in course.exercises()
    }


@pytest.mark.slow
def test_the_course_has_a_thousand_mutants_each_another_python_module(known: dict[str, list[Mutant]]) -> None:
    total, every = 0, os.environ.get("GRADER_LONG") == "1"
    for found in known.values():
        assert len({(one.function, one.line, one.text) for one in found}) == len(found)
        for one in found[:: 1 if every else 10]:
            ast.parse(one.text)
        total += len(found)
    assert total >= 1000


@pytest.mark.slow
def test_every_reviewed_entry_is_a_mutant_with_an_argument(
    course: Course, known: dict[str, list[Mutant]]
) -> None:
    for exercise in course.exercises():
        there = {(one.function, one.before, one.after) for one in known[exercise.id]}
        path = exercise.solution_folder / REVIEWED
        for entry in strict_yaml.load(path, tuple[Equivalent, ...]) if path.is_file() else ():
            assert entry.because.strip()
            for after in entry.after:
                assert (entry.function, entry.before, after) in there, f"{exercise.id}: {entry.before}"
