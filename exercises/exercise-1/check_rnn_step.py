"""Visible checks of exercise-1. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import assert_close, assert_unchanged

H, D, N = 5, 3, 2


def draw(rng, reference, H=H, D=D, N=N):
    """Draw an input, a state and parameters of order 1, all of different sizes."""
    params = reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, D)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )
    return rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N))), params


@pytest.mark.credits(1)
def check_rnn_step_forward_with_silent_input(student, reference, rng):
    """With zeros for input and state, h is the squashed bias."""
    x, h_prev, params = draw(rng, reference)
    arguments = (np.zeros_like(x), np.zeros_like(h_prev), params)
    assert_close(student.rnn_step_forward(*arguments), reference.rnn_step_forward(*arguments), "h")


@pytest.mark.credits(2)
def check_rnn_step_forward_values(student, reference, rng):
    """h is right for a batch of two sequences."""
    arguments = draw(rng, reference)
    assert_close(student.rnn_step_forward(*arguments), reference.rnn_step_forward(*arguments), "h")


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_rnn_step_forward_values")
def check_rnn_step_forward_leaves_arguments_alone(student, reference, rng):
    """Nothing that is handed in is changed, and a second call gives the same answer."""
    arguments = draw(rng, reference)
    first = student.rnn_step_forward(*arguments)
    assert_unchanged(student.changed)
    assert_close(first, reference.rnn_step_forward(*arguments), "h")
    assert_close(student.rnn_step_forward(*arguments), first, "h of a second call")
