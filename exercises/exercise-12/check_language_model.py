"""Visible checks of exercise-12. A check's first sentence is what the grader shows."""

from typing import NamedTuple

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, assert_gradient, assert_unchanged, unpack

T, H, D, V, N = 7, 5, 3, 4, 2
RESULTS = ("loss", "dparams", "dWhy", "dby", "h_last")


def draw_network(rng, reference, V=V):
    """Draw a state, the recurrence's parameters and the output layer, of order 1."""
    params = reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, V)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )
    h = np.tanh(rng.standard_normal((H, N)))
    return h, params, 1.5 * rng.standard_normal((V, H)), 0.6 * rng.standard_normal((V, 1))


def draw_chunk(rng, reference):
    """Draw a chunk of two texts that agree in their first symbol, and the network that reads them."""
    inputs, targets = rng.integers(V, size=(2, T, N))
    inputs[0] = inputs[0, 0]
    return inputs, targets, *draw_network(rng, reference)


def draw_gru(rng, reference, H=H, D=D, N=N):
    """Draw an input, a state and the parameters of a gated recurrent unit."""
    shapes = [(H, D)] * 3 + [(H, H)] * 3 + [(H, 1)] * 4
    params = reference.GRUParams(*(0.6 * rng.standard_normal(shape) for shape in shapes))
    return rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N))), params


def compare_symbols(student, reference, arguments, name):
    """Compare two texts up to the first wrong symbol: what follows that is wrong as well."""
    got, right = student.sample(*arguments), reference.sample(*arguments)
    if isinstance(got, np.ndarray) and got.shape == right.shape and (got != right).any():
        end = np.argmax(got != right) + 1
        assert_close(got[:end], right[:end], f"symbols[:{end}] {name}")
    assert_close(got, right, f"symbols {name}")


def close_call(symbol_at):
    """Return two numbers, a hair apart, between which the symbol changes."""
    middle = symbol_at(0.5)
    below = symbol_at(0.0) == middle  # no other symbol there, so look above
    low, high = (0.5, 1.0) if below else (0.0, 0.5)
    for _ in range(12):
        u = (low + high) / 2
        low, high = (low, u) if symbol_at(u) > middle - (not below) else (u, high)
    return low, high


@pytest.mark.credits(1)
def check_sample_values(student, reference, rng):
    """Symbols are right at temperatures 1, 0.5 and 2, even where a hair decides."""
    h, params, *output = draw_network(rng, reference, V=11)
    for temperature in (1.0, 0.5, 2.0):  # long texts first: one symbol tells little of a mistake
        long = (h[:, :1], 3, 40, params, *output, rng.random(40), temperature)
        compare_symbols(student, reference, long, f"for n=40, temperature {temperature:g}")
    for n, temperature in ((1, 1.0), (2, 0.5), (3, 2.0)):
        before = rng.random(n - 1)

        def arguments(u):
            return h[:, 1:], 7, n, params, *output, np.append(before, u), temperature

        for u in close_call(lambda u: reference.sample(*arguments(u))[-1]):
            if u < 1:
                compare_symbols(student, reference, arguments(u), f"for n={n}, temperature {temperature:g}")


def is_mean_over_time(loss, right):
    """Whether a loss is right but for a division by the number of steps."""
    return isinstance(loss, np.ndarray | float) and np.size(loss) == 1 and np.allclose(loss * T, right)


@pytest.mark.credits(1)
def check_language_model_loss_value(student, reference, rng):
    """The loss, added up over seven steps, and the last state are right."""
    arguments = draw_chunk(rng, reference)
    loss, *_, h_last = unpack(student.language_model_loss(*arguments), *RESULTS)
    right, *_, right_h_last = reference.language_model_loss(*arguments)
    assert_close(h_last, right_h_last, "h_last")
    if is_mean_over_time(loss, right):
        raise CheckFailed("`loss` is divided by the number of steps; what does the docstring say of time?")
    assert_close(loss, right, "loss")


class ChunkGradients(NamedTuple):
    """The gradients of a chunk, in the order in which the way back meets them."""

    dWhy: np.ndarray
    dby: np.ndarray
    dparams: tuple


@pytest.mark.credits(1)
def check_language_model_loss_gradients(student, reference, rng):
    """dWhy, dby and dparams are right: every step has a loss of its own."""
    arguments = draw_chunk(rng, reference)
    _, dparams, dWhy, dby, _ = unpack(student.language_model_loss(*arguments), *RESULTS)
    _, right_dparams, right_dWhy, right_dby, _ = reference.language_model_loss(*arguments)
    wanted = ChunkGradients(right_dWhy, right_dby, right_dparams)
    assert_gradient((dWhy, dby, dparams), wanted, "gradients")


def compare_step(student, reference, rng, reset_after):
    """Compare one step of the gated unit, at three sizes; return what the student's code changed."""
    for H, D, N in ((5, 3, 2), (5, 1, 1), (3, 2, 6)):
        arguments = (*draw_gru(rng, reference, H, D, N), reset_after)
        h, gates = unpack(student.gru_step_forward(*arguments), "h", "gates")
        right_h, right_gates = reference.gru_step_forward(*arguments)
        sizes = f" with H={H}, D={D}, N={N}"
        assert_close(gates, right_gates, "gates" + sizes)
        assert_close(h, right_h, "h" + sizes)
    return student.changed


@pytest.mark.credits(1)
def check_gru_step_forward_reset_before(student, reference, rng):
    """With the reset gate before the product, the gates and h are right."""
    compare_step(student, reference, rng, reset_after=False)


@pytest.mark.credits(1)
def check_gru_step_forward_reset_after(student, reference, rng):
    """With the reset gate after the product, the gates and h are right; nothing handed in is changed."""
    changed = compare_step(student, reference, rng, reset_after=True)
    assert_unchanged(changed)


class StepGradients(NamedTuple):
    """What one step back returns, the parameters first: they tell the gates apart."""

    dparams: tuple
    dx: np.ndarray
    dh_prev: np.ndarray


def compare_gradients(student, reference, rng, reset_after):
    """Compare all gradients of one step of the gated unit."""
    x, h_prev, params = draw_gru(rng, reference)
    _, gates = reference.gru_step_forward(x, h_prev, params, reset_after)
    arguments = (rng.standard_normal((H, N)), x, h_prev, gates, params, reset_after)
    dx, dh_prev, dparams = unpack(student.gru_step_backward(*arguments), "dx", "dh_prev", "dparams")
    right_dx, right_dh_prev, right_dparams = reference.gru_step_backward(*arguments)
    wanted = StepGradients(right_dparams, right_dx, right_dh_prev)
    assert_gradient((dparams, dx, dh_prev), wanted, "gradients")


@pytest.mark.credits(1)
@pytest.mark.lend("gru_step_forward")
def check_gru_step_backward_reset_before(student, reference, rng):
    """With the reset gate before the product, all gradients are right."""
    compare_gradients(student, reference, rng, False)


@pytest.mark.credits(1)
@pytest.mark.lend("gru_step_forward")
def check_gru_step_backward_reset_after(student, reference, rng):
    """With the reset gate after the product, all gradients are right."""
    compare_gradients(student, reference, rng, True)
