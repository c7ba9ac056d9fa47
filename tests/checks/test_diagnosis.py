"""A known mistake is named, a right answer never is, and what nobody knows is met with silence."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.checks.collection import KnownMistakes, PatchedSolution, load_reference, load_suite
from grader.checks.diagnosis import (
    SLOW_QUESTIONS,
    Pair,
    Question,
    describe_difference,
    diagnose,
    same_answers,
)
from grader.checks.report import Report
from grader.checks.run import check, run_suite
from grader.checks.source import Source, read_source
from grader.checks.student import Call, CheckRun, read_broadcasts
from grader.course import Exercise, open_course
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
    named = 0
    for mistake in one.misconceptions():
        found = diagnoses(grade(one, pool, (mistake.replace, mistake.with_)))
        named += found == [mistake.says.strip()]
        assert not found or mistake.says.strip() in found[0], mistake.id
    assert named >= SHARE * len(one.misconceptions())


@pytest.mark.parametrize("number", range(1, 13))
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
            found = diagnose(
                function, run.calls, mistakes, run
            )  # a list for an array is right, and different
            true = found and "float32" in found.remark  # which some of these use, and may
            assert true or not (found and found.sentence), f"{path.name}: {function}: {found}"
            assert not (found and found.mistakes)


@pytest.mark.parametrize("number", [4, 6, 7])
def test_a_mistake_in_one_function_costs_no_other_that_does_not_call_it(
    number: int, pool: WorkerPool
) -> None:
    one = exercise(number)
    mistakes = KnownMistakes(one, load_reference(one))
    text = mistakes.solution.text
    for mistake in one.misconceptions()[:: 1 if LONG else 9]:
        broken = changed_functions(text, text.replace(mistake.replace, mistake.with_))
        report = grade(one, pool, (mistake.replace, mistake.with_))
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


def test_results_are_compared_by_name() -> None:
    own = Named.of("Gates", ("i", "f"), [1.0, 2.0])
    assert same_value(own, Named.of("Gates", ("f", "i"), [2.0, 1.0]))
    assert not same_value(own, Named.of("Gates", ("f", "i"), [1.0, 2.0]))
    assert same_value((1.0, 2.0), own), "a plain tuple has no names"


def test_two_mistakes_at_once_are_both_told(pool: WorkerPool) -> None:
    one = exercise(3)
    patches = ("dx = Wxh.T @ dz", "dx = Wxh.T @ dh"), ("Whh=dz @ h_prev.T", "Whh=dz @ h.T")
    says = {mistake.replace + mistake.with_: mistake.says.strip() for mistake in one.misconceptions()}
    (found,) = diagnoses(grade(one, pool, *patches))
    assert all(says[old + new] in found for old, new in patches)


def test_two_mistakes_are_both_told_where_one_result_is_a_number(pool: WorkerPool) -> None:
    patches = (
        ("loss = -log_p[targets, columns].mean()", "loss = -log_p[targets].mean()"),
        ("    dy[targets, columns] -= 1", "    dy[targets] -= 1"),
        ("    dy /= N\n    return float(loss), dy", "    dy /= N\n    return loss, dy"),  # a NumPy number
    )
    (found,) = diagnoses(grade(exercise(4), pool, *patches))
    assert "One index picks whole rows" in found
    assert "which cells does your line touch?" in found


def test_a_function_that_is_right_is_not_blamed_for_its_caller(pool: WorkerPool) -> None:
    (found,) = diagnoses(grade(exercise(2), pool, ("params)[-1]", "params)[0]")))
    assert "loop" not in found
    assert not found.startswith("One of"), "mistakes in rnn_forward would explain it as well"


@pytest.mark.parametrize(("times", "asked"), [(1, 50), (160, SLOW_QUESTIONS), (800, 0)])
def test_a_slow_mistake_is_asked_few_questions(
    monkeypatch: pytest.MonkeyPatch, times: int, asked: int
) -> None:
    now = 0.0

    def slow(patched: PatchedSolution, function: str, arguments: tuple[object, ...]) -> Answer:
        nonlocal now
        now += times * 0.0005
        return Answer(1.0)

    monkeypatch.setattr("grader.checks.diagnosis.time", SimpleNamespace(perf_counter=lambda: now))
    monkeypatch.setattr("grader.checks.diagnosis.SUSPECT_SECONDS", 0.39)
    monkeypatch.setattr(PatchedSolution, "answer", slow)
    question = Question(Call("check", "f", (), Answer(1.0)), Answer(2.0), 0.0005)
    answers = same_answers(PatchedSolution((), "", "", SimpleNamespace()), [question] * 50)
    assert len(answers or ()) == asked


def test_a_star_for_an_at_is_told(pool: WorkerPool) -> None:
    outcomes = grade(exercise(1), pool, ("Wxh @ x", "Wxh * x")).outcomes
    assert "@ adds up along the axis" in outcomes[0].message
    outcomes = grade(exercise(1), pool, ("return np.tanh(Wxh @ x", "return np.tanh(Wxh + x")).outcomes
    assert "@ adds up along the axis" not in outcomes[0].message


def test_an_unknown_mistake_is_met_with_silence(pool: WorkerPool) -> None:
    report = grade(exercise(3), pool, ("dx = Wxh.T @ dz", "dx = Wxh.T @ np.sin(3 * dz)"))
    assert not report.passed
    assert not diagnoses(report)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "bh=dz.sum(axis=1, keepdims=True)",
            "bh=dz.sum(axis=1) + 2 * params.bh",
            "the shape of `dparams.bh` is made in line",
        ),
        (
            "    dx = Wxh.T @ dz",
            "    far = dz.sum(axis=1) * params.bh\n    far[:] = np.zeros((3, 4))\n    dx = Wxh.T @ dz",
            "the shape of what does not fit is made in line",
        ),
    ],
)
def test_the_line_that_broadcasts_is_named(pool: WorkerPool, old: str, new: str, line: str) -> None:
    one = exercise(3)
    (found,) = diagnoses(grade(one, pool, (old, new)))
    text = one.solution_path.read_text(encoding="utf-8").replace(old, new)
    source = next(line for line in text.splitlines() if new.strip().splitlines()[0] in line)
    number = text.splitlines().index(source) + 1
    assert f"{line} {number} of your file, where (5,) and (5, 1) broadcast into (5, 5)" in found
    assert source.strip() in found


@pytest.mark.parametrize(
    ("notes", "kept"),
    [
        ([(3, "a\u202eb", ((2,), (2, 1)), (2, 2))], 1),
        ([(3, "a", ((2,), "x"), (2, 2)), (3, b"a", (), ()), None, 5, (True, "a", (), (2**40,))], 0),
        ("notes", 0),
        (7, 0),
        ({"a": 1}, 0),
    ],
)
def test_what_a_worker_notes_may_be_anything(notes: object, kept: int) -> None:
    found = read_broadcasts(notes)
    assert len(found) == kept
    assert all("\u202e" not in one.source for one in found)


def test_feedback_withholds_the_diagnosis_of_a_hidden_check(pool: WorkerPool) -> None:
    report = grade(exercise(3), pool, ("dz = dh * (1 - h**2)", "dh *= 1 - h**2\n    dz = dh"))
    assert [one.hidden for one in report.outcomes if one.diagnosis] == [True]
    assert not diagnoses(report.for_student("names"))


RIGHT = np.random.default_rng(1).standard_normal((2, 4, 3, 3))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda a: -a, "sign"),
        (lambda a: 0 * a, "zeros"),
        (lambda a: a[::-1], "backwards"),
        (lambda a: np.roll(a, 1, axis=0), "late"),
        (lambda a: np.roll(a, -1, axis=0), "early"),
        (lambda a: 2 * a, "2 times"),
        (lambda a: a.astype(np.float32).astype(float), "float32"),
        (lambda a: np.concatenate([a[:1], a[1:] + 1]), "first step"),
        (lambda a: np.concatenate([a[:-1] + 1, a[-1:]]), "last step"),
        (lambda a: a + np.array([0, 1, 1]), "first column"),
        (lambda a: a + np.arange(36).reshape(4, 3, 3) ** 2 * (1 + abs(a)), ""),
    ],
)
def test_what_numbers_have_in_common_is_seen(change: object, word: str) -> None:
    assert callable(change)
    calls = [[Pair("dxs", change(one), one, frozenset({3}), frozenset({4}))] for one in RIGHT]
    sentence = describe_difference(calls)
    assert word in sentence
    assert bool(word) == bool(sentence)
    assert not describe_difference(calls[:1]), "one answer is no evidence"


def test_zeros_for_next_to_nothing_are_no_sign() -> None:
    calls = [[Pair("h", 0 * one, 1e-20 * one)] for one in RIGHT]
    assert not describe_difference(calls)
    assert "zeros" in describe_difference([[Pair("h", 0 * one, one)] for one in RIGHT])


def test_swapped_results_and_factors_that_are_a_size_are_seen() -> None:
    a, b = RIGHT[:, 0, :2, :], RIGHT[:, 1, :2, :]
    assert "`Wi`" in describe_difference(
        [[Pair("Wf", y, x), Pair("Wi", x, y)] for x, y in zip(a, b, strict=True)]
    )
    sized = [[Pair("db", n * one, one, frozenset({n}))] for n, one in zip((2, 5), a, strict=True)]
    assert "number of columns" in describe_difference(sized)
