"""What cannot be is said first, in the course's own words; and ranges are held against the solution."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checks.ranges import range_faults
from grader.checks.report import Outcome
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import Course, open_course
from grader.sandbox.pool import WorkerPool

COURSE = open_course(Path(__file__).resolve().parents[2])


def failures(number: int, old: str, new: str, pool: WorkerPool) -> list[Outcome]:
    exercise = COURSE[f"exercise-{number}"]
    text = exercise.solution_path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    report = check(
        exercise, Source(exercise.stub_path.name, text.replace(old, new).encode()), pool=pool, seed=1
    )
    return [outcome for outcome in report.outcomes if outcome.status == "failed"]


@pytest.mark.parametrize(
    ("number", "old", "new", "begins", "why"),
    [
        (1, "np.tanh(Wxh @ x + Whh @ h_prev + bh)", "Wxh @ x + bh", "`h` holds 1.", "between -1 and 1"),
        (
            4,
            "    return e / e.sum(axis=0, keepdims=True)",
            "    return e",
            "`p.sum(axis=0)` holds ",
            "add up to 1",
        ),
        (
            4,
            "e / e.sum(axis=0, keepdims=True)",
            "2 * e / e.max()",
            "`p` holds 2: ",
            "a probability lies between",
        ),
        (4, "loss = -log_p", "loss = log_p", "`loss` is -", "is never negative"),
        (
            6,
            "np.clip(one, -limit, limit)",
            "np.minimum(one, limit)",
            "`Wxh` holds -",
            "between -limit and limit",
        ),
        (
            7,
            "1 / (1 + e), e / (1 + e))",
            "2 / (1 + e), e / (1 + e))",
            "`result` holds 1.",
            "between 0 and 1",
        ),
        (12, "    return symbols", "    return symbols + V", "`symbols` holds ", "one of the vocabulary"),
    ],
)
def test_what_cannot_be_is_said_first(
    number: int, old: str, new: str, begins: str, why: str, pool: WorkerPool
) -> None:
    messages = [outcome.message.splitlines() for outcome in failures(number, old, new, pool)]
    assert any(message[0].startswith(begins) and why in message[0] for message in messages), messages
    assert all(len(message) > 1 for message in messages if why in message[0])


def test_of_a_hidden_check_no_number_is_told(pool: WorkerPool) -> None:
    hidden = [one for one in failures(1, "np.tanh(", "(", pool) if one.hidden]
    told = [one.for_student("diagnosis").message for one in hidden]
    assert "`h` is not possible: a state comes out of tanh, between -1 and 1. `h` is not right." in told
    assert {one.for_student("names").message for one in hidden} == {
        "The course withholds what this check saw."
    }


def test_a_wrong_shape_has_no_columns_to_add_up(pool: WorkerPool) -> None:
    failed = failures(
        4, "    return e / e.sum(axis=0, keepdims=True)", "    return (e / e.sum(axis=0)).T", pool
    )
    assert "adds up" not in failed[0].message


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (
            'double:\n  "0 <= y": "so it is"',
            ["`y` holds -", "in the solution; widen its range under `double`"],
        ),
        (
            'double:\n  "0 <= z": "so it is"',
            ["a range under `double` cannot be read: name 'z' is not defined"],
        ),
        ('double:\n  "y": "so it is"', ["a range under `double` cannot be read"]),
        ('triple:\n  "0 <= y": "so it is"', ["`triple` is no function here"]),
        ('double:\n  "-1e9 <= y <= M * 1e9": "so it is"', []),
    ],
)
def test_ranges_are_held_against_the_solution(rules: str, says: list[str], tiny_copy: Course) -> None:
    exercise = tiny_copy["exercise-1"]
    (exercise.solution_folder / "ranges.yaml").write_text(f"{rules}\n", encoding="utf-8")
    faults = range_faults(exercise, 1)
    assert all(any(said in fault for fault in faults) for said in says), faults
    assert bool(faults) == bool(says)
