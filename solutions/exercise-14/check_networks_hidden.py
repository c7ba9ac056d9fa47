"""Hidden checks of exercise-14: an independent judge, and networks that read again and again."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close, assert_unchanged, unpack

Array = np.ndarray
Arrays = dict[str, Array]
RNN_PARTS = ("exercise-2.rnn_forward", "exercise-2.output_forward", "exercise-2.rnn_predict")
LSTM_PARTS = ("exercise-8.lstm_forward", "exercise-2.output_forward")


def draw(rng: np.random.Generator, **shapes: tuple[int, int]) -> Arrays:
    """Draw arrays of order 1."""
    return {name: 0.6 * rng.standard_normal(shape) for name, shape in shapes.items()}


def column_by_column(X: Array, read: Callable[[Array], tuple[Array, ...]]) -> list[Array]:
    """Read one sequence after the other, as vectors; put what comes out into columns."""
    sequences = [X] if X.ndim == 2 else [X[:, :, n] for n in range(X.shape[2])]
    return [np.stack(one, axis=1) for one in zip(*map(read, sequences), strict=True)]


def rnn_judge(X: Array, arrays: Arrays) -> list[Array]:
    """Return y and h, computed with vectors (H,) alone."""
    Wxh, Whh, Why, bh, by = (arrays[name].squeeze(-1) if name[0] == "b" else arrays[name] for name in arrays)

    def read(sequence: Array) -> tuple[Array, ...]:
        h = np.zeros(len(bh))
        for x in sequence:
            h = np.tanh(Wxh @ x + Whh @ h + bh)
        return Why @ h + by, h

    return column_by_column(X, read)


def lstm_judge(X: Array, arrays: Arrays) -> list[Array]:
    """Return y, h and c, computed with vectors and without stacking: columns up to H meet h, the others x."""
    H = len(arrays["bf"])

    def squash(a: Array) -> Array:
        return 0.5 + 0.5 * np.tanh(a / 2)

    def read(sequence: Array) -> tuple[Array, ...]:
        h, c = np.zeros(H), np.zeros(H)
        for x in sequence:
            sums = {
                gate: arrays[f"W{gate}"][:, :H] @ h
                + arrays[f"W{gate}"][:, H:] @ x
                + arrays[f"b{gate}"].squeeze(-1)
                for gate in "fiCo"
            }
            c = squash(sums["f"]) * c + squash(sums["i"]) * np.tanh(sums["C"])
            h = squash(sums["o"]) * np.tanh(c)
        return arrays["Wy"] @ h + arrays["by"].squeeze(-1), h, c

    return column_by_column(X, read)


def compare_readings(
    student: Any,
    forward: Callable[..., Any],
    judge: Callable[[Array, Arrays], list[Array]],
    arrays: Arrays,
    inputs: dict[str, Array],
    names: tuple[str, ...],
) -> None:
    """Let one network read several inputs; each answer is as if it were the first, and nothing is changed."""
    answers = forward(list(inputs.values()), arrays)
    assert_unchanged(student.changed)
    for (told, X), answer in zip(inputs.items(), answers, strict=True):
        for name, got, wanted in zip(names, unpack(answer, *names), judge(X, arrays), strict=True):
            assert_close(got, wanted, f"{name} of {told},")


def draw_inputs(rng: np.random.Generator, D: int) -> dict[str, Array]:
    """Draw what a network reads, one after the other."""
    first = rng.standard_normal((6, D))
    return {
        "a sequence": first,
        "a batch after it": rng.standard_normal((3, D, 4)),
        "a batch of one": rng.standard_normal((4, D, 1)),
        "whole numbers": rng.integers(-2, 3, (5, D)),
        "the first sequence again": first,
    }


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_SimpleRNN_forward_values")
@pytest.mark.builds_on(*RNN_PARTS)
def check_SimpleRNN_forward_again(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """One SimpleRNN reads several inputs, each from an empty memory, and changes neither them nor itself."""
    for D, H, O in ((4, 3, 3), (1, 2, 1)):
        arrays = draw(rng, Wxh=(H, D), Whh=(H, H), Why=(O, H), bh=(H, 1), by=(O, 1))
        inputs = draw_inputs(rng, D)
        compare_readings(student, student.SimpleRNN_forward, rnn_judge, arrays, inputs, ("y", "h"))


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_LSTM_forward_values")
@pytest.mark.builds_on(*LSTM_PARTS)
def check_LSTM_forward_again(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """One LSTM reads several inputs, each from an empty memory, and changes neither them nor itself."""
    for D, H, O in ((4, 3, 3), (1, 2, 1)):
        weights = dict.fromkeys(("Wf", "Wi", "WC", "Wo"), (H, H + D))
        biases = dict.fromkeys(("bf", "bi", "bC", "bo"), (H, 1))
        arrays = draw(rng, **weights, Wy=(O, H), **biases, by=(O, 1))
        inputs = draw_inputs(rng, D)
        compare_readings(student, student.LSTM_forward, lstm_judge, arrays, inputs, ("y", "h", "c"))
