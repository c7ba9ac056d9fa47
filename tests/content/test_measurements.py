"""The tables of lessons say what the scripts in docs/ measure; what takes minutes is left to the long run."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.collection import KnownMistakes, PatchedSolution, load_reference
from grader.course import Course
from grader.numeric import CheckFailed, assert_close
from tests.content.test_lesson_numbers import lesson

ROOT = Path(__file__).resolve().parents[2]
LONG = os.environ.get("GRADER_LONG") == "1"
NUMBER = r"\d+\.?\d*(?:e-?\d+)?"


def script(name: str) -> Any:
    """Return a script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(number: int, heading: str) -> dict[str, list[str]]:
    """Return a lesson's table by the first cell of each row."""
    lines = (ROOT / f"exercises/exercise-{number}/lesson.md").read_text(encoding="utf-8").splitlines()
    first = next(at for at, line in enumerate(lines) if line.strip().startswith(f"| {heading}"))
    rows = {}
    for line in lines[first + 2 :]:
        if not line.strip().startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip().strip("|").split("|"))
        rows[name.replace("`", "")] = cells
    return rows


def test_what_wrong_messages_do_to_gradients() -> None:
    lines = list(script("gradients").messages())
    measured = {}
    for line in lines:
        if line.startswith("|"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            measured[name] = [float(cell) for cell in cells]
    shown = {**table(9, "what was wrong"), **table(10, "thrown away")}
    assert shown.keys() == measured.keys()
    for name, cells in shown.items():
        assert [float(cell) for cell in cells] == pytest.approx(measured[name], abs=0.011), name
    without_next, without_state = (float(line.rpartition(" ")[2]) for line in lines[-2:])
    assert f"the first puts dc_prev off by {without_state:.2f}" in lesson(9)
    assert f"the second by {without_next:.2f}" in lesson(9)


def test_what_a_test_of_one_step_does_not_see(course: Course) -> None:
    exercise, draw = course["exercise-10"], script("gradients").draw
    known = KnownMistakes(exercise, load_reference(exercise))

    def answers(mistake: PatchedSolution, T: int) -> Any:
        dhs, xs, trace, params = draw(0, T)
        return mistake.answer("lstm_backward", (dhs, 0.1 + 0 * dhs[0], xs, trace, params)).value

    def unseen(T: int) -> set[str]:
        right, found = answers(known.solution, T), set()
        for mistake in known.single_mistakes:
            with contextlib.suppress(CheckFailed):
                assert_close(answers(mistake, T), right, "the gradients", rtol=1e-6)
                found.add(mistake.mistakes[0].id)
        return found

    always, count = unseen(7), len(known.single_mistakes)
    share = len(unseen(1) - always) / (count - len(always))
    assert 1 / 3 < share < 1 / 2
    assert "more than a third of the mistakes collected for this lesson pass such a test" in lesson(10)


def test_the_product_of_forget_gates_is_not_the_whole_gradient() -> None:
    gradients = script("gradients")
    product, matrix = gradients.jacobian(0.6)
    written = ", ".join(f"{value:.4f}" for value in product)
    assert f"was ({written})" in lesson(10)
    for row in matrix:
        assert " ".join(f"{value:.4f}" for value in row) in lesson(10)
    alone, diagonal = gradients.jacobian(0.0)
    assert np.abs(diagonal - np.diag(alone)).max() < 2e-17
    drawn = [gradients.jacobian(0.6, seed) for seed in range(200)]
    largest = [np.unravel_index(np.abs(m).argmax(), m.shape) for _, m in drawn]
    off = sum(int(row != column) for row, column in largest)
    ratios = [np.abs(m).max() / p.max() for p, m in drawn]
    assert f"in {off} of 200 draws" in lesson(10)
    assert f"was {np.median(ratios):.1f} times the largest product" in lesson(10)
    assert f"every tenth draw {np.quantile(ratios, 0.9):.1f} times or more" in lesson(10)


def test_how_long_gradients_of_large_weights_get() -> None:
    smallest, *_, largest = lengths = script("gradients").exploded()
    assert f"was {smallest:.1f} for one of them" in lesson(6)
    assert f"above {1000 * int(np.median(lengths) / 1000):,} for half of them" in lesson(6)
    assert f"{largest / 1e9:.1f} billion for another" in lesson(6)


def test_how_much_of_a_gradient_comes_from_long_ago() -> None:
    measurements = script("measurements")
    drawn = [measurements.missing(0.25, seed) for seed in range(200)]
    low, shares, high = np.quantile(drawn, (0.1, 0.5, 0.9), axis=0)
    assert f"{100 * shares[9]:.0f} % of the whole" in lesson(6)
    assert f"before the last twenty-five {100 * shares[24]:.1f} %" in lesson(6)
    for kept, cell in zip((1, 5, 10, 25), table(16, "weights")["0.25 randn"], strict=True):
        found = low[kept - 1], shares[kept - 1], high[kept - 1]
        assert [*map(float, re.findall(NUMBER, cell))] == pytest.approx(
            [found[1], found[0], found[2]], rel=0.6
        )


@pytest.mark.slow
def test_one_network_of_the_adding_problem() -> None:
    """The draw that solves it first; all of them, with all mistakes, take minutes."""
    measurements = script("measurements")
    said = re.search(r"solved it all ten times, after (\d+) to (\d+) steps", lesson(11))
    assert said
    measurements.ADDING_STEPS = int(said[1]) + 6  # other libraries round otherwise
    solved, _ = measurements.adds("LSTM, bf = log U", 9)
    assert solved == pytest.approx(int(said[1]), abs=5)


@pytest.mark.skipif(not LONG, reason="takes minutes; .ci/long runs it")
def test_what_learns_the_adding_problem() -> None:
    text, rows = lesson(11), {}
    for line in script("measurements").adding():
        if line.startswith("|"):
            name, steps, errors = (cell.strip() for cell in line.strip("|").split("|"))
            rows[name] = [*map(int, steps.split())], [*map(float, errors.split())]
    (right, _), (one, _), (zero, _), (never, errors), *mistakes = rows.values()
    half = int(np.median(right))
    assert f"all ten times, after {right[0]} to {right[-1]} steps, half of them by step {half}" in text
    assert len(one) == 7
    assert f"with bf = 1 seven times, after {one[0]} to {one[-1]} steps" in text
    assert f"with bf = 0 twice, after {zero[0]} and {zero[1]} steps" in text
    assert not never
    assert f"ended between {errors[0]:.3f} and {errors[-1]:.3f}" in text
    first, second, third, fourth = (steps for steps, _ in mistakes)
    assert f"after {first[0]} to {first[-1]} and after {second[0]} to {second[-1]} steps" in text
    assert len(first) == len(second) == len(third) == 10
    assert f"half the draws are solved by step {math.ceil(np.median(third))}" in text
    assert len(fourth) == 5
    assert "with five draws of ten" in text


TABLES = [
    ("lengths", 15, "the answer is read from"),
    ("truncation", 16, "weights"),
    ("echo", 16, "chunk"),
    ("letters", 17, "passes | known"),
]


@pytest.mark.skipif(not LONG, reason="takes minutes; .ci/long runs it")
@pytest.mark.parametrize(("name", "number", "heading"), TABLES, ids=[name for name, *_ in TABLES])
def test_the_tables_of_lessons_on_real_sequences(name: str, number: int, heading: str) -> None:
    shown = table(number, heading)
    measured = {}
    for line in script("measurements").__dict__[name]():
        if line.startswith("|"):
            row, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            measured[row.removeprefix("the ")] = [
                float(one) for cell in cells for one in re.findall(NUMBER, cell)
            ]
    for row, cells in shown.items():
        told = [float(one) for cell in cells for one in re.findall(NUMBER, cell)]
        found = measured[row.removeprefix("the ")]
        if name == "lengths":  # the script prints the median and all draws, sorted
            found = [found[0], found[1], found[-1]]
        if name == "truncation":  # and what two steps keep
            found = found[:3] + found[6:]
        assert told == pytest.approx(found, rel=0.1 if name != "truncation" else 0.6), row


def test_how_often_a_bad_start_is_stuck() -> None:
    stuck = script("gradients").stuck
    if LONG:
        assert stuck(0.5, 300)[0] == 4
    draws = 20 if LONG else 2
    assert stuck(0.01, draws) == (draws, 0)
    assert stuck(0.01, draws, bits=2) == (0, draws)


IN_LESSON_11 = {
    "none": "the right gradient",
    "Whh not transposed in the message": "Whh not transposed",
    "dWhh transposed": "Whh's gradient transposed",
    "messages cut off at ±0.01": "messages cut off at ±0.01 on their way",
    "the message never added": "no message from step to step",
}


@pytest.mark.skipif(not LONG, reason="takes minutes; .ci/long runs it")
def test_what_wrong_gradients_learn_all_the_same() -> None:
    five, eleven = table(5, "mistake"), table(11, "what goes back")
    for line in script("measurements").mistakes():
        if not line.startswith("|"):
            continue
        name, off, easy, hard = (cell.strip() for cell in line.strip("|").split("|"))
        (solved, worst), (learnt, median) = easy.split(), hard.split()
        if cells := five.pop(name, None):
            assert float(cells[0]) == pytest.approx(float(off), abs=0.011), name
            assert float(cells[1]) == pytest.approx(float(worst), rel=0.2), name
            assert re.findall(r"\d+", cells[2])[0] == learnt, name
        if cells := eleven.pop(IN_LESSON_11.get(name, name), None):
            assert [re.findall(r"\d+", cell)[0] for cell in cells[:2]] == [solved, learnt], name
            assert float(cells[2]) == pytest.approx(float(median), rel=0.2), name
    assert not five
    assert not eleven
