"""Shapes that do not fit are told by the operands' names and the letters of the course, in one form."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from grader.checks.collection import CheckSuite, load_suite
from grader.checks.locate.shapes import lettered
from grader.checks.report import Located, Outcome
from grader.checks.run import check
from grader.checks.source import Source
from grader.course import open_course
from grader.sandbox.pool import WorkerPool

COURSE = open_course(Path(__file__).resolve().parents[2])
AT = "@ needs as many columns on its left as rows on its right."
ENTRIES = "entry by entry, from the last axis on, two sizes have to be the same or one of them 1."
KEEPS = "the left side keeps its shape, which the right side has to fit (keepdims=True keeps an axis)."
WXH, DA, X, H = (
    "`Wxh` is (H, D) = (5, 3)",
    "`da` is (H, N) = (5, 2)",
    "`x` is (D, N) = (3, 2)",
    "(H, N) = (5, 2)",
)


@functools.cache
def suite(exercise: str) -> CheckSuite:
    """Load the checks of an exercise once for all tests."""
    return load_suite(COURSE[exercise], 1)


def first_failure(number: int, *patches: tuple[str, str], pool: WorkerPool) -> Outcome:
    exercise = COURSE[f"exercise-{number}"]
    text = exercise.solution_path.read_text(encoding="utf-8")
    for old, new in patches:
        assert text.count(old) == 1
        text = text.replace(old, new)
    report = check(suite(exercise.id), Source(exercise.stub_path.name, text.encode()), pool=pool)
    return next(outcome for outcome in report.outcomes if outcome.status == "failed")


def told(outcome: Outcome) -> Located:
    assert outcome.located is not None, outcome.message
    return outcome.located


@pytest.mark.parametrize(
    ("dx", "says"),
    [
        ("Wxh @ da", f"{WXH}; {DA}, made in line 35: {AT}"),
        ("np.dot(Wxh, da)", f"{WXH}; {DA}, made in line 35: {AT}"),
        ("Wxh.dot(da)", f"{WXH}; {DA}, made in line 35: {AT}"),
        ("np.matmul(da, Wxh)", f"{DA}, made in line 35; {WXH}: {AT}"),
        ("np.concatenate((h, x), 1)", f"`h` is {H}; {X}: only along the axis that is joined"),
        ("np.hstack([h, x])", f"`h` is {H}; {X}: what is stacked side by side needs as many rows."),
        (
            "np.vstack([x, h.T])",
            f"{X}; `h.T` is (N, H) = (2, 5): what is stacked in rows needs as many columns.",
        ),
        ("np.stack([h, x])", f"`h` is {H}; {X}: all of them need one shape; np.vstack"),
        ("np.array((h, x))", f"`h` is {H}; {X}: all of them need one shape; np.vstack"),
        (
            "np.einsum('ij,ik->jk', Wxh, x)",
            f"{WXH}; {X}: what is summed over needs the same size on both sides.",
        ),
        (
            "np.tensordot(Wxh, h, 1)",
            f"{WXH}; `h` is {H}: what is summed over needs the same size on both sides.",
        ),
        ("Wxh.T @ da + h", f"`Wxh.T @ da` is (D, N) = (3, 2); `h` is {H}: {ENTRIES}"),
        ("x - da", f"{X}; {DA}, made in line 35: {ENTRIES}"),
        ("np.maximum(x, h)", f"{X}; `h` is {H}: {ENTRIES}"),
        ("Wxh.T * da", f"`Wxh.T` is (D, H) = (3, 5); {DA}, made in line 35: * works entry by entry"),
        (
            "np.zeros(x.shape)\n    dx += da",
            f"`dx` is (D, N) = (3, 2), made in line 36; {DA}, made in line 35: {KEEPS}",
        ),
        (
            "np.zeros((4, *x.shape))\n    dx[2] = h",
            f"`dx[2]` is (D, N) = (3, 2); `h` is {H}: what is assigned",
        ),
        (
            "[h, x]\n    dx = np.stack(dx)",
            f"`dx` holds {H} and (D, N) = (3, 2): all of them need one shape; np.vstack",
        ),
        ("h.reshape(x.shape)", f"`h` is {H}: another shape has to hold as many entries."),
        ("h[5] * x", f"`h` is {H}: there is one index for each axis, which runs from 0"),
        ("h[0, 0, 0] * x", f"`h` is {H}: there is one index for each axis, which runs from 0"),
        ("h.sum(axis=2)", f"`h` is {H}."),
    ],
)
def test_every_operation_is_told_in_one_form(dx: str, says: str, pool: WorkerPool) -> None:
    outcome = first_failure(3, ("dx = Wxh.T @ da", f"dx = {dx}"), pool=pool)
    assert told(outcome).says.startswith(says), told(outcome).says
    assert told(outcome).place == f"exercises/exercise-3/rnn_step_backward.py:{told(outcome).line}"
    raised = [line for line in outcome.message.splitlines() if "rnn_step_backward.py, line" in line]
    assert all(f", line {told(outcome).line}," not in line for line in raised), "a place is told once"


def test_a_wrong_shape_is_followed_back_to_the_line_that_made_it(pool: WorkerPool) -> None:
    change = ("da = dh * (1 - h**2)", "da = h.T @ dh\n    db = da + 1\n    da = 2 * db")
    located = told(first_failure(3, change, pool=pool))
    assert located.source == "da = h.T @ dh"
    assert "`da` is (N, N) = (2, 2), made in line 35: " in located.says
    assert located.says.endswith("No array here has the shape that line 35 makes.")


def test_what_is_left_of_a_lost_axis_is_followed_back(pool: WorkerPool) -> None:
    change = ("da = dh * (1 - h**2)", "s = h.sum(axis=1)\n    s = s * 2\n    da = dh * s")
    says = told(first_failure(3, change, pool=pool)).says
    assert "; `s` is (H,) = (5,), made in line 35: " in says
    assert says.endswith("No array here has the shape that line 35 makes.")


def test_a_place_of_a_sequence_is_told_by_its_shape(pool: WorkerPool) -> None:
    says = told(first_failure(2, ("hs[t + 1] =", "hs[:, t + 1] ="), pool=pool)).says
    assert says.startswith("`hs[:, t + 1]` is ("), says


def test_what_is_told_is_of_the_sizes_in_the_message(pool: WorkerPool) -> None:
    outcome = first_failure(5, ("hs[t + 1] ** 2", "hs[t + 2] ** 2"), pool=pool)
    assert "index 8 is out of bounds for axis 0 with size 8" in outcome.message
    assert told(outcome).says.startswith("`hs` is (T + 1, H, N) = (8, 5, 2): ")


def test_the_way_through_a_helper_is_kept(pool: WorkerPool) -> None:
    outcome = first_failure(
        3,
        ("def rnn_step_backward", "def times(a, b):\n    return a @ b\n\n\ndef rnn_step_backward"),
        ("Wxh.T @ da", "times(Wxh, da)"),
        pool=pool,
    )
    assert "in rnn_step_backward: dx = times(Wxh, da)" in outcome.message
    assert told(outcome).says.startswith("`a` is (H, D) = (5, 3); `b` is (H, N) = (5, 2), made in line 39: ")


def test_no_other_error_is_taken_for_one_of_shapes(pool: WorkerPool) -> None:
    outcome = first_failure(3, ("dx = Wxh.T @ da", "dx = np.linalg.inv(np.zeros((2, 2)))"), pool=pool)
    assert outcome.located is None
    assert "Singular matrix\n  rnn_step_backward.py, line 36" in outcome.message


def test_letters_stand_where_they_are_sure() -> None:
    sizes = {"H": 5, "D": 3, "N": 1, "T": 3, "H + D": 8, "T + 1": 4, "O": 4}
    assert lettered((5, 8), sizes) == "(H, H + D) = (5, 8)"
    assert lettered((3, 1), sizes) == "(3, 1)"
    assert lettered((4,), sizes) == "(4,)"  # O, or T + 1
    assert lettered((), sizes) == "()"


@pytest.mark.parametrize(
    ("made", "line"),
    [
        ("np.zeros(dh.shape, dtype=int)\n    da[:] = ", 36),
        ("np.zeros_like(np.arange(10).reshape(5, 2))\n    for t in range(5):\n        da[t] = ", 37),
        ("np.full(dh.shape, 0)\n    da[:, 0] = ", 36),
        ("", 36),
    ],
)
def test_fractions_that_an_array_of_whole_numbers_cuts_off_are_told(
    made: str, line: int, pool: WorkerPool
) -> None:
    value = "dh * (1 - h**2)"
    if made:
        change = f"da = {made}({value}){made[made.rindex('[') : made.rindex(']') + 1]}"
    else:
        change = f"da = {value}\n    da = da.astype(int)"
    located = told(first_failure(3, ("da = dh * (1 - h**2)", change), pool=pool))
    assert located.says == f"`da` is an array of whole numbers: line {line} loses the fractions there."
    assert located.cause.startswith("give it room for fractions")


def test_an_array_with_room_for_fractions_is_not_told_to_be_of_whole_numbers(pool: WorkerPool) -> None:
    change = ("da = dh * (1 - h**2)", "da = np.zeros_like(dh)\n    da[:] = dh * (1 - h)")
    assert "whole" not in told(first_failure(3, change, pool=pool)).says
