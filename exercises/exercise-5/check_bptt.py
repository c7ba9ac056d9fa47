"""Visible checks of exercise-5. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_gradient, relative_error, unpack

T, H, D, N = 7, 5, 3, 2
CLOSE = 1e-6


def draw(rng, reference, T=T):
    """Draw a sequence read from a state that is not zero, and a gradient for each of its new states."""
    params = reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, D)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )
    xs, hs = rng.standard_normal((T, D, N)), np.empty((T + 1, H, N))
    hs[0] = np.tanh(rng.standard_normal((H, N)))
    for t in range(T):
        hs[t + 1] = np.tanh(params.Wxh @ xs[t] + params.Whh @ hs[t] + params.bh)
    return rng.standard_normal((T, H, N)), xs, hs, params


def gradients(result):
    """Name the five gradients of a sequence."""
    dxs, dh0, dparams = unpack(result, "dxs", "dh0", "dparams")
    dWxh, dWhh, dbh = unpack(dparams, "Wxh", "Whh", "bh")
    return {"dxs": dxs, "dh0": dh0, "dparams.Wxh": dWxh, "dparams.Whh": dWhh, "dparams.bh": dbh}


def compare(student, reference, rng, *picked):
    """Compare the gradients that are picked by name: dxs, dh0 or a parameter."""
    arguments = draw(rng, reference)
    got = gradients(student.rnn_backward(*arguments))
    wanted = gradients(reference.rnn_backward(*arguments))
    for name in picked:
        assert_gradient(got[name], wanted[name], name, tolerance=CLOSE)


def compare_dxs(got, wanted):
    """Compare dxs, and if it is off, say at which steps it is right: a message gets lost somewhere."""
    try:
        assert_gradient(got, wanted, "dxs", tolerance=CLOSE)
    except CheckFailed as failure:
        raise CheckFailed(f"{failure}{right_steps(got, wanted)}") from None


def right_steps(got, wanted):
    """Name the steps at which an array of the right shape is right; nothing if there are none."""
    if not isinstance(got, np.ndarray) or got.shape != wanted.shape or not np.isfinite(got).all():
        return ""
    right = [t for t in range(len(wanted)) if relative_error(got[t], wanted[t]) <= CLOSE]
    steps = "step" if len(right) == 1 else "steps"
    return f"\nRight at {steps} t = {', '.join(map(str, right))}, and wrong at all others." if right else ""


@pytest.mark.credits(1)
def check_rnn_backward_one_step(student, reference, rng):
    """dparams of a sequence with a single step: one step back, no message to hand on yet."""
    arguments = draw(rng, reference, T=1)
    _, _, dparams = unpack(student.rnn_backward(*arguments), "dxs", "dh0", "dparams")
    assert_gradient(dparams, reference.rnn_backward(*arguments)[2], "dparams", tolerance=CLOSE)


@pytest.mark.credits(1)
def check_rnn_backward_dxs(student, reference, rng):
    """dxs: what reaches every input, with a loss at each of seven steps."""
    arguments = draw(rng, reference)
    dxs, _, _ = unpack(student.rnn_backward(*arguments), "dxs", "dh0", "dparams")
    compare_dxs(dxs, reference.rnn_backward(*arguments)[0])


@pytest.mark.credits(1)
def check_rnn_backward_loss_at_the_last_step(student, reference, rng):
    """dxs with a loss at the last step only, which must reach the first input all the same."""
    dhs, *rest = draw(rng, reference)
    dhs[:-1] = 0
    dxs, _, _ = unpack(student.rnn_backward(dhs, *rest), "dxs", "dh0", "dparams")
    compare_dxs(dxs, reference.rnn_backward(dhs, *rest)[0])


@pytest.mark.credits(1)
def check_rnn_backward_dh0(student, reference, rng):
    """dh0: what arrives at the state from before the first input."""
    compare(student, reference, rng, "dh0")


@pytest.mark.credits(1)
def check_rnn_backward_parameters(student, reference, rng):
    """dparams: what the weights and the bias contributed, at all steps and in all columns together."""
    compare(student, reference, rng, "dparams.Wxh", "dparams.Whh", "dparams.bh")
