"""Visible checks of exercise-2. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import assert_close, unpack

T, H, D, O, N = 7, 5, 3, 4, 2


def draw_params(rng, reference, H=H, D=D):
    """Draw the recurrence's parameters, of order 1."""
    return reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, D)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )


def draw_output(rng, H=H, O=O):
    """Draw the output layer's parameters, of order 1."""
    return 0.6 * rng.standard_normal((O, H)), 0.6 * rng.standard_normal((O, 1))


@pytest.mark.credits(1)
def check_rnn_forward_values(student, reference, rng):
    """hs is right at every one of seven steps, for a batch of two sequences."""
    xs, h0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N)))
    arguments = (xs, h0, draw_params(rng, reference))
    assert_close(student.rnn_forward(*arguments), reference.rnn_forward(*arguments), "hs")


@pytest.mark.credits(1)
def check_rnn_forward_starts_from_h0(student, reference, rng):
    """hs[0] is h0, and the first step builds on it: also for one step, one input, one sequence."""
    for T, H, D, N in ((1, 5, 3, 2), (1, 5, 1, 1), (3, 4, 1, 1)):
        xs, h0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N)))
        arguments, name = (xs, h0, draw_params(rng, reference, H, D)), f"hs with T={T}, H={H}, D={D}, N={N}"
        assert_close(student.rnn_forward(*arguments), reference.rnn_forward(*arguments), name)


@pytest.mark.credits(1)
def check_output_forward_values(student, reference, rng):
    """y is right, for a batch and for a single column."""
    for batch in (N, 1):
        h = np.tanh(rng.standard_normal((H, batch)))
        arguments = (h, *draw_output(rng))
        assert_close(student.output_forward(*arguments), reference.output_forward(*arguments), "y")


@pytest.mark.credits(1)
@pytest.mark.lend("rnn_forward", "output_forward")
def check_rnn_predict_values(student, reference, rng):
    """y and h_T are those after the last step, from a state of zeros."""
    arguments = (rng.standard_normal((T, D, N)), draw_params(rng, reference), *draw_output(rng))
    y, h_T = unpack(student.rnn_predict(*arguments), "y", "h_T")
    right_y, right_h_T = reference.rnn_predict(*arguments)
    assert_close(h_T, right_h_T, "h_T")
    assert_close(y, right_y, "y")
