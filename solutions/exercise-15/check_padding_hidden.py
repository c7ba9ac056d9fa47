"""Hidden checks of exercise-15: an independent judge, arguments left alone, and padding that is loud."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close, assert_gradient, assert_unchanged, complex_step_gradient, unpack

Array = np.ndarray
T, H, D, V, N = 6, 4, 2, 5, 3


def draw_lengths(rng: np.random.Generator) -> Array:
    """Draw three lengths, the longest of which fills the batch, in any order."""
    return rng.permutation([T, int(rng.integers(2, T)), 1])


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_masked_cross_entropy_loss", "check_masked_cross_entropy_gradient")
def check_masked_cross_entropy_of_loud_padding(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """Logits of ±1000 are no trouble, nor is what stands at padding; nothing handed in is changed."""
    mask = np.array([[float(t < n) for n in draw_lengths(rng)] for t in range(T)])
    ys, targets = rng.standard_normal((T, V, N)), rng.integers(V, size=(T, N))
    loud = np.where(mask[:, np.newaxis] == 0, 1000.0 * rng.choice([-1, 1], (T, V, N)), ys)
    loud[0] += 1000.0 * np.where(np.arange(V)[:, np.newaxis] == targets[0], 1, -1)
    noise = np.where(mask == 0, rng.integers(-1, V, (T, N)), targets)
    loss, dys = unpack(student.masked_cross_entropy(loud, noise, mask), "loss", "dys")
    changed = student.changed
    right_loss, right_dys = reference.masked_cross_entropy(loud, noise, mask)
    assert_close(loss, right_loss, "loss")
    assert_close(dys, right_dys, "dys")
    assert_unchanged(changed)


def judge(loss: Callable[[Array, Array, Any], complex], inputs: list[Array], which: int) -> Array:
    """Differentiate a loss of xs, h0 and the three parameters with respect to one of them."""

    def only(one: Array) -> complex:
        parts = [one if k == which else part for k, part in enumerate(inputs)]
        return loss(parts[0], parts[1], parts[2:])

    return complex_step_gradient(only, inputs[which])


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_masked_rnn_backward_gradients")
def check_masked_rnn_backward_of_the_last_state(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """A loss at the last state reaches every sequence as if it had been read alone."""
    lengths = draw_lengths(rng)
    mask = np.array([[float(t < n) for n in lengths] for t in range(T)])
    shapes = (H, D), (H, H), (H, 1)
    params = reference.RNNParams(*(0.6 * rng.standard_normal(shape) for shape in shapes))
    xs, h0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N)))
    weights = rng.standard_normal((H, N))

    def alone(xs: Array, h0: Array, params: Any) -> complex:
        """Read each sequence by itself, as long as it is; complex arguments are welcome."""
        Wxh, Whh, bh = params
        total = 0j
        for n, length in enumerate(lengths):
            h = h0[:, [n]]
            for t in range(length):
                h = np.tanh(Wxh @ xs[t][:, [n]] + Whh @ h + bh)
            total += complex((weights[:, [n]] * h).sum())
        return total

    hs, dhs = reference.masked_rnn_forward(xs, mask, h0, params), np.zeros((T, H, N))
    dhs[-1] = weights
    result = student.masked_rnn_backward(dhs, xs, hs, mask, params)
    changed = student.changed
    dxs, dh0, dparams = unpack(result, "dxs", "dh0", "dparams")
    inputs = [xs, h0, *params]
    assert_gradient(dxs, judge(alone, inputs, 0), "dxs")
    assert_gradient(dh0, judge(alone, inputs, 1), "dh0")
    wanted = reference.RNNParams(*(judge(alone, inputs, which) for which in (2, 3, 4)))
    assert_gradient(dparams, wanted, "dparams")
    assert_unchanged(changed)
