"""Hidden checks of exercise-11: an independent judge of single steps, and arguments left as they were."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close, assert_unchanged, complex_step_gradient, unpack

Array = np.ndarray
T, H, D, N, S = 4, 3, 2, 5, 3
DRIFT = 1e-4  # of a trained parameter, relative to its size: see the visible checks
RNN_PARTS = (
    "exercise-2.rnn_forward",
    "exercise-2.output_forward",
    "exercise-4.binary_cross_entropy",
    "exercise-4.output_backward",
    "exercise-5.rnn_backward",
)
LSTM_PARTS = (
    "exercise-2.output_forward",
    "exercise-4.output_backward",
    "exercise-8.lstm_forward",
    "exercise-10.lstm_backward",
)


def draw(rng: np.random.Generator, *shapes: tuple[int, ...]) -> list[Array]:
    """Draw arrays of order 1."""
    return [0.6 * rng.standard_normal(shape) for shape in shapes]


def squash(z: Array) -> Array:
    """Squash to between 0 and 1; complex arguments are welcome."""
    return np.asarray(1 / (1 + np.exp(-z)))


def loss_of_rnn(xs: Array, targets: Array, arrays: Sequence[Any]) -> Any:
    """Read from zeros with Wxh, Whh, bh, Why and by; return the binary cross-entropy."""
    Wxh, Whh, bh, Why, by = arrays
    h = np.zeros((H, xs.shape[2]))
    for x in xs:
        h = np.tanh(Wxh @ x + Whh @ h + bh)
    p = squash(Why @ h + by)
    return -np.mean(np.where(targets == 1, np.log(p), np.log(1 - p)))


def loss_of_lstm(xs: Array, targets: Array, arrays: Sequence[Any]) -> Any:
    """Read from zeros with the eight arrays of an LSTM, Wy and by; return the mean squared error."""
    Wf, Wi, WC, Wo, bf, bi, bC, bo, Wy, by = arrays
    h = c = np.zeros((H, N))
    for x in xs:
        z = np.vstack([h, x])
        c = squash(Wf @ z + bf) * c + squash(Wi @ z + bi) * np.tanh(WC @ z + bC)
        h = squash(Wo @ z + bo) * np.tanh(c)
    return np.mean((Wy @ h + by - targets) ** 2)


def judge(loss: Callable[[list[Any]], Any], arrays: list[Array]) -> list[Array]:
    """Differentiate a loss with respect to each of its arrays, by complex step."""

    def only(which: int, one: Array) -> complex:
        return complex(loss([one if n == which else array for n, array in enumerate(arrays)]))

    return [
        complex_step_gradient(lambda one, n=n: only(n, one), array)  # type: ignore[misc]
        for n, array in enumerate(arrays)
    ]


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_sgd_step_values")
def check_sgd_step_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """sgd_step changes nothing that is handed in, and answers the same twice."""
    params = reference.RNNParams(*draw(rng, (H, D), (H, H), (H, 1)))
    grads = reference.RNNParams(*draw(rng, (H, D), (H, H), (H, 1)))
    first = student.sgd_step(params, grads, 0.25)
    assert_unchanged(student.changed)
    moved = reference.RNNParams(*(p - g / 4 for p, g in zip(params, grads, strict=True)))
    assert_close(first, moved, "params")
    assert_close(student.sgd_step(params, grads, 0.25), moved, "params of a second call")


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_adam_step_values")
def check_adam_step_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """adam_step changes nothing that is handed in, its state least of all, and answers the same twice."""
    shapes = (H, D), (H, H), (H, 1)
    params, grads, m = (reference.RNNParams(*draw(rng, *shapes)) for _ in range(3))
    v = reference.RNNParams(*(one**2 for one in draw(rng, *shapes)))
    arguments = (params, grads, reference.AdamState(m, v, 6), 0.25)
    first = unpack(student.adam_step(*arguments), "params", "state")
    assert_unchanged(student.changed)
    second = unpack(student.adam_step(*arguments), "params", "state")
    wanted = reference.adam_step(*arguments)
    for got, which in ((first, ""), (second, " of a second call")):
        assert_close(got[0], wanted[0], f"params{which}")
        assert_close(got[1], wanted[1], f"state{which}")


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_train_toy_losses")
@pytest.mark.lend("sgd_step")
@pytest.mark.builds_on(*RNN_PARTS)
def check_train_toy_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """train_toy changes nothing that is handed in, and returns what one step makes of it."""
    xs, targets = rng.standard_normal((T, D, N)), rng.permutation(np.arange(N) % 2)
    arrays = draw(rng, (H, D), (H, H), (H, 1), (1, H), (1, 1))
    grads = judge(lambda arrays: loss_of_rnn(xs, targets, arrays), arrays)
    moved = [array - 0.5 * grad for array, grad in zip(arrays, grads, strict=True)]
    arguments = (xs, targets, reference.RNNParams(*arrays[:3]), *arrays[3:], 0.5, 1)
    params, Why, by, _ = unpack(student.train_toy(*arguments), "params", "Why", "by", "losses")
    assert_unchanged(student.changed)
    assert_close(params, reference.RNNParams(*moved[:3]), "params", rtol=DRIFT, atol=DRIFT)
    assert_close(Why, moved[3], "Why", rtol=DRIFT, atol=DRIFT)
    assert_close(by, moved[4], "by", rtol=DRIFT, atol=DRIFT)


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_train_adding_losses")
@pytest.mark.lend("adam_step")
@pytest.mark.builds_on(*LSTM_PARTS)
def check_train_adding_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """train_adding changes nothing that is handed in, and returns what three steps make of it."""
    xs, targets = (
        rng.standard_normal((S, T, D, N)),
        np.array([[1.0], [9.0], [3.0]]) * rng.standard_normal((S, N)),
    )
    arrays = draw(rng, *[(H, H + D)] * 4, *[(H, 1)] * 4, (1, H), (1, 1))
    arguments = (xs, targets, reference.LSTMParams(*arrays[:8]), *arrays[8:], 0.05, 1.0)
    m = [np.zeros_like(array) for array in arrays]
    v = [np.zeros_like(array) for array in arrays]
    for s in range(S):
        grads = judge(lambda arrays, s=s: loss_of_lstm(xs[s], targets[s], arrays), arrays)  # type: ignore[misc]
        norm = np.sqrt(sum(np.sum(grad**2) for grad in grads))
        for n, grad in enumerate(grads):
            clipped = grad / max(1.0, norm)
            m[n] = 0.9 * m[n] + 0.1 * clipped
            v[n] = 0.999 * v[n] + 0.001 * clipped**2
            root = np.sqrt(v[n] / (1 - 0.999 ** (s + 1)))
            arrays[n] = arrays[n] - 0.05 * m[n] / (1 - 0.9 ** (s + 1)) / (root + 1e-8)
    params, Wy, by, _ = unpack(student.train_adding(*arguments), "params", "Wy", "by", "losses")
    assert_unchanged(student.changed)
    assert_close(params, reference.LSTMParams(*arrays[:8]), "params", rtol=DRIFT, atol=DRIFT)
    assert_close(Wy, arrays[8], "Wy", rtol=DRIFT, atol=DRIFT)
    assert_close(by, arrays[9], "by", rtol=DRIFT, atol=DRIFT)
