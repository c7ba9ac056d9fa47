"""Visible checks of exercise-3. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import assert_gradient, unpack

H, D, N = 5, 3, 2


def draw(rng, reference, H=H, D=D, N=N):
    """Draw the arguments of one step back: states consistent with the forward pass, slopes up to 0.99."""
    params = reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, D)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )
    x, h_prev = rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N)))
    h = np.tanh(params.Wxh @ x + params.Whh @ h_prev + params.bh)
    return rng.standard_normal((H, N)), x, h_prev, h, params


def compare(student, reference, rng, pick):
    """Compare one of the gradients; ``pick`` names it: dx, dh_prev or a parameter."""
    arguments = draw(rng, reference)
    wanted = gradients(reference.rnn_step_backward(*arguments))
    assert_gradient(gradients(student.rnn_step_backward(*arguments))[pick], wanted[pick], pick)


def gradients(result):
    """Name the five gradients of one step back."""
    dx, dh_prev, dparams = unpack(result, "dx", "dh_prev", "dparams")
    dWxh, dWhh, dbh = unpack(dparams, "Wxh", "Whh", "bh")
    return {"dx": dx, "dh_prev": dh_prev, "dparams.Wxh": dWxh, "dparams.Whh": dWhh, "dparams.bh": dbh}


@pytest.mark.credits(1)
def check_rnn_step_backward_dx(student, reference, rng):
    """dx: the gradient that reaches the input."""
    compare(student, reference, rng, "dx")


@pytest.mark.credits(1)
def check_rnn_step_backward_dh_prev(student, reference, rng):
    """dh_prev: the gradient that travels on to the step before."""
    compare(student, reference, rng, "dh_prev")


@pytest.mark.credits(1)
def check_rnn_step_backward_dWxh(student, reference, rng):
    """dparams.Wxh: what every input weight contributed."""
    compare(student, reference, rng, "dparams.Wxh")


@pytest.mark.credits(1)
def check_rnn_step_backward_dWhh(student, reference, rng):
    """dparams.Whh: what every recurrent weight contributed."""
    compare(student, reference, rng, "dparams.Whh")


@pytest.mark.credits(1)
def check_rnn_step_backward_dbh(student, reference, rng):
    """dparams.bh: what the bias contributed, in all columns together."""
    compare(student, reference, rng, "dparams.bh")
