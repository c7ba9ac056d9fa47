"""A known mistake is named, a right answer never is, and what nobody knows is met with silence."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.collection import KnownMistakes, load_suite
from grader.checks.diagnosis import CHANCE, Question, diagnose
from grader.checks.report import Report
from grader.checks.run import check, run_suite
from grader.checks.source import Source, read_source
from grader.checks.student import Call, CheckRun
from grader.course import Exercise, Misconception, open_course
from grader.sandbox.pool import WorkerPool, open_pool
from grader.sandbox.values import Named, same_value
from grader.sandbox.worker import Answer

ROOT = Path(__file__).resolve().parents[2]
SHARE = 0.9
LONG = os.environ.get("GRADER_LONG") == "1"


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with open_pool() as pool:
        yield pool


def exercise(number: int) -> Exercise:
    return open_course(ROOT)[f"exercise-{number}"]


def grade(one: Exercise, pool: WorkerPool, *patches: tuple[str, str]) -> Report:
    text = one.solution_path.read_text(encoding="utf-8")
    for old, new in patches:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return check(one, Source(one.stub_path.name, text.encode()), pool=pool, seed=3)


def diagnoses(report: Report) -> list[str]:
    return [one.diagnosis for one in report.outcomes if one.diagnosis]


@pytest.mark.parametrize("number", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_most_known_mistakes_are_named_and_none_by_another_name(number: int, pool: WorkerPool) -> None:
    one = exercise(number)
    suite = load_suite(one, 3)
    named, mistakes = 0, one.misconceptions()[:: 1 if LONG else 4]
    for mistake in mistakes:
        text = mistake.patched(one.solution_path.read_text(encoding="utf-8"))
        found = diagnoses(check(suite, Source(one.stub_path.name, text.encode()), pool=pool))
        named += found == [mistake.says.strip()]
        assert not found or mistake.says.strip() in found[0], mistake.id
    assert named >= SHARE * len(mistakes)


@pytest.mark.parametrize(
    "number",
    [pytest.param(number, marks=pytest.mark.slow if number == 11 else ()) for number in range(1, 14)],
)
def test_no_right_answer_in_any_style_looks_wrong(number: int, pool: WorkerPool) -> None:
    one = exercise(number)
    suite = load_suite(one, 3)
    mistakes = KnownMistakes(one, suite.reference)
    used = tuple(read_source(lower, ROOT / "solutions") for lower in one.used)
    for path in one.variants if LONG else one.variants[number % 2 : number % 2 + 1]:
        run = CheckRun(one, Source(path.name, path.read_bytes(), used=used), pool)
        run_suite(suite, run)
        assert run.calls
        for function in one.file.functions:
            found = diagnose(function, run.calls, mistakes)  # a list for an array is right, and different
            assert not (found and found.mistakes), f"{path.name}: {function}: {found}"


@pytest.mark.parametrize("number", [4, *(pytest.param(number, marks=pytest.mark.slow) for number in (6, 7))])
def test_a_mistake_in_one_function_costs_no_other_that_does_not_call_it(
    number: int, pool: WorkerPool
) -> None:
    one = exercise(number)
    suite = load_suite(one, 3)
    mistakes = KnownMistakes(one, suite.reference)
    text = mistakes.solution.text
    for mistake in one.misconceptions()[:: 1 if LONG else 9]:
        patched = mistake.patched(text)
        broken = changed_functions(text, patched)
        source = Source(one.stub_path.name, patched.encode())
        report = check(suite, source, pool=pool, diagnose=False)
        assert not report.passed
        for outcome in report.outcomes:
            concerned = mistakes.used_by(outcome.function) & broken
            assert outcome.status == "passed" or concerned, f"{mistake.id}: {outcome.check}"


def changed_functions(before: str, after: str) -> set[str]:
    bodies = [
        {node.name: ast.dump(node) for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
        for text in (before, after)
    ]
    changed = {name for name in bodies[0] if bodies[0][name] != bodies[1].get(name)}
    return changed or set(bodies[0])  # a change outside all functions may concern every one


def test_a_few_symbols_may_agree_by_chance() -> None:
    def evidence(mine: Any, right: Any) -> int:
        call = Call("check", "sample", (), Answer(value=np.array(mine)))
        return Question(call, Answer(value=np.array(right))).evidence

    assert evidence([1, 2, 3], [1, 0, 0]) == 2
    assert evidence(range(CHANCE), [-1] * CHANCE) == CHANCE
    assert evidence([1.0], [2.0]) == CHANCE, "a real number tells enough"


def test_a_mistake_is_made_at_every_place() -> None:
    mistake = Misconception("bias", ".sum()", ".mean()", "Sum or mean?", everywhere=True)
    assert mistake.patched("a.sum() + b.sum()") == "a.mean() + b.mean()"
    assert mistake.fits("a.sum() + b.sum()")
    assert not mistake.fits("a.sum()")
    assert not Misconception("bias", ".sum()", ".mean()", "?").fits("a.sum() + b.sum()")


def test_results_are_compared_by_name() -> None:
    own = Named.of("Gates", ("i", "f"), [1.0, 2.0])
    assert same_value(own, Named.of("Gates", ("f", "i"), [2.0, 1.0]))
    assert not same_value(own, Named.of("Gates", ("f", "i"), [1.0, 2.0]))
    assert same_value((1.0, 2.0), own), "a plain tuple has no names"


def test_a_function_that_is_right_is_not_blamed_for_its_caller(pool: WorkerPool) -> None:
    found = diagnoses(grade(exercise(2), pool, ("params)[-1]", "params)[0]")))
    assert not any("loop" in each for each in found)
    assert not any(each.startswith("One of") for each in found), "others would explain it as well"


def test_a_star_for_an_at_is_told(pool: WorkerPool) -> None:
    outcomes = grade(exercise(1), pool, ("Wxh @ x", "Wxh * x")).outcomes
    assert outcomes[0].located is not None
    assert "@ adds up along the axis" in outcomes[0].located.says
    outcomes = grade(exercise(1), pool, ("return np.tanh(Wxh @ x", "return np.tanh(Wxh + x")).outcomes
    assert "@ adds up along the axis" not in outcomes[0].message


def test_feedback_withholds_the_diagnosis_of_a_hidden_check(pool: WorkerPool) -> None:
    report = grade(exercise(3), pool, ("da = dh * (1 - h**2)", "dh *= 1 - h**2\n    da = dh"))
    assert [one.hidden for one in report.outcomes if one.diagnosis] == [True]
    assert not diagnoses(report.for_student("names"))
