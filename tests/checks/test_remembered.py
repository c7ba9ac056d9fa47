"""What the course's own functions answer is remembered by the question, to the bit, and given as copies."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from grader.checks.collection import load_suite
from grader.checks.remembered import Memory
from grader.checks.run import check, check_many
from grader.checks.source import Source
from grader.course import Course
from grader.numeric import complex_step_gradient
from grader.sandbox.pool import WorkerPool


class Pair(NamedTuple):
    x: Any
    y: Any


class Counted:
    """A function that counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, *values: Any, **named: Any) -> Any:
        self.asked += 1
        return Pair(np.array([1.0, self.asked]), [self.asked])


ONES = np.ones((2, 3))
QUESTIONS = {
    "an equal array": ((ONES,), (ONES.copy(),), True),
    "another entry": ((ONES,), (ONES * 2,), False),
    "another shape": ((ONES,), (ONES.reshape(3, 2),), False),
    "another order in memory": ((ONES,), (np.asfortranarray(ONES),), False),
    "another type": ((ONES,), (ONES.astype(np.float32),), False),
    "minus zero": ((0.0,), (-0.0,), False),
    "true and one": ((True,), (1,), False),
    "one and one": ((1.0,), (1,), False),
    "a list and a tuple": (([1],), ((1,),), False),
    "a named tuple": ((Pair(1, 2),), (Pair(1, 2),), True),
    "a tuple of the same": ((Pair(1, 2),), ((1, 2),), False),
    "random numbers": ((np.random.default_rng(1),), (np.random.default_rng(1),), False),
    "objects": ((np.array([object()]),), (np.array([object()]),), False),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_only_the_same_question_has_a_remembered_answer(what: str) -> None:
    first, second, same = QUESTIONS[what]
    counted = Counted()
    ask = Memory().remembering(counted)
    ask(*first)
    ask(*second)
    assert counted.asked == (1 if same else 2)


def test_every_answer_is_a_copy_of_its_own() -> None:
    ask = Memory().remembering(Counted())
    for _ in range(3):
        answer = ask(ONES)
        assert isinstance(answer, Pair)
        assert answer.x.tolist() == [1.0, 1.0]
        answer.x[:] = 7
        answer.y.append(7)


def test_a_function_that_changes_what_it_is_given_is_asked_each_time() -> None:
    def doubled(x: Any) -> Any:
        x *= 2
        return x.copy()

    ask, x = Memory().remembering(doubled), np.ones(2)
    assert [ask(x)[0] for _ in range(3)] == [2, 4, 8]


def test_what_a_function_closes_over_belongs_to_the_question() -> None:
    judge = Memory().remembering(complex_step_gradient)

    def gradient(factor: Any) -> Any:
        return judge(lambda x: factor * (x**2).sum(), np.ones(2))

    assert [gradient(factor).tolist() for factor in (1.0, 2.0, 1.0)] == [[2.0, 2.0], [4.0, 4.0], [2.0, 2.0]]
    state = [0.0]

    def counting(x: Any) -> Any:
        state[0] += 1
        return state[0] * x.sum()

    assert judge(counting, np.ones(1)) != judge(counting, np.ones(1))


@pytest.mark.parametrize("number", [3, 9])
def test_judges_and_references_are_asked_once_for_a_class(
    number: int, course: Course, pool: WorkerPool
) -> None:
    exercise = course[f"exercise-{number}"]
    text = exercise.solution_path.read_text(encoding="utf-8")
    sources = [
        Source(exercise.stub_path.name, each.encode()) for each in (text, text.replace("+", "-"), text)
    ]
    suite = load_suite(exercise, 5).remembering()
    assert suite.given is not suite.reference
    together = check_many(suite, sources, pool)
    assert together[2] is together[0] is not together[1], "the same file is checked once"
    for source, report in zip(sources, together, strict=True):
        alone = check(exercise, source, pool=pool, seed=5)
        assert [vars(each) | {"seconds": 0} for each in alone.outcomes] == [
            vars(each) | {"seconds": 0} for each in report.outcomes
        ]
