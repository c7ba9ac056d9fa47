"""Visible checks of exercise-9. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import assert_gradient, unpack

H, D, N = 5, 3, 2
WIDE_OPEN = 50.0  # bias of a gate that lets everything through
PARAMETERS = ("Wf", "Wi", "WC", "Wo", "bf", "bi", "bC", "bo")


def forward(x, h_prev, c_prev, params, reference):
    """Compute the step that is differentiated: the new cell, and the gates that made it."""
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    z = np.vstack((h_prev, x))
    f, i, o = (1 / (1 + np.exp(-(W @ z + b))) for W, b in ((Wf, bf), (Wi, bi), (Wo, bo)))
    g = np.tanh(WC @ z + bC)
    return f * c_prev + i * g, reference.Gates(f, i, g, o)


def draw(rng, reference, *, dh=1, dc=1, **changed):
    """Draw the arguments of one step back; dh=0 or dc=0 silences a gradient, other names are parameters."""
    weights = 0.6 * rng.standard_normal((4, H, H + D))
    biases = 0.6 * rng.standard_normal((4, H, 1))
    params = reference.LSTMParams(*weights, *biases)._replace(**changed)
    x, h_prev = rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N)))
    c_prev, gradient_h, gradient_c = rng.standard_normal((3, H, N))
    c, gates = forward(x, h_prev, c_prev, params, reference)
    return dh * gradient_h, dc * gradient_c, x, h_prev, c_prev, c, gates, params


def gradients(result):
    """Name the eleven gradients of one step back."""
    dx, dh_prev, dc_prev, dparams = unpack(result, "dx", "dh_prev", "dc_prev", "dparams")
    named = {"dx": dx, "dh_prev": dh_prev, "dc_prev": dc_prev}
    for name, one in zip(PARAMETERS, unpack(dparams, *PARAMETERS)):
        named[f"dparams.{name}"] = one
    return named


def compare(student, reference, arguments, *picked):
    """Compare the gradients that are picked by name."""
    got = gradients(student.lstm_step_backward(*arguments))
    wanted = gradients(reference.lstm_step_backward(*arguments))
    for name in picked:
        assert_gradient(got[name], wanted[name], name)


def compare_path(student, reference, arguments, path):
    """Compare what reaches c, which is dc_prev if the forget gate is open; name the path if it is missing."""
    got = gradients(student.lstm_step_backward(*arguments))["dc_prev"]
    wanted = gradients(reference.lstm_step_backward(*arguments))["dc_prev"]
    if isinstance(got, np.ndarray) and got.shape == wanted.shape and not got.any():
        pytest.fail(f"`dc_prev` is zero everywhere, so nothing reaches c by way of {path}")
    assert_gradient(got, wanted, "dc_prev")


@pytest.mark.credits(1)
def check_lstm_step_backward_dh_reaches_the_cell(student, reference, rng):
    """With dc = 0 and an open forget gate: what reaches c by way of h."""
    arguments = draw(rng, reference, dc=0, bf=np.full((H, 1), WIDE_OPEN))
    compare_path(student, reference, arguments, "h, though h was made from c")


@pytest.mark.credits(1)
def check_lstm_step_backward_dc_reaches_the_cell(student, reference, rng):
    """With dh = 0 and an open forget gate: what reaches c by way of the next cell."""
    arguments = draw(rng, reference, dh=0, bf=np.full((H, 1), WIDE_OPEN))
    compare_path(student, reference, arguments, "the next cell, though dc comes from there")


@pytest.mark.credits(1)
def check_lstm_step_backward_dc_prev(student, reference, rng):
    """dc_prev: what travels on to the cell before, from both paths together."""
    compare(student, reference, draw(rng, reference), "dc_prev")


@pytest.mark.credits(1)
def check_lstm_step_backward_weights(student, reference, rng):
    """dparams.Wf, Wi and WC with dh = 0, then Wo, which touches h and not c."""
    silent, both = draw(rng, reference, dh=0), draw(rng, reference)
    through_c, through_h = (gradients(student.lstm_step_backward(*each)) for each in (silent, both))
    for name in ("dparams.Wf", "dparams.Wi", "dparams.WC"):
        assert_gradient(through_c[name], gradients(reference.lstm_step_backward(*silent))[name], name)
    wanted = gradients(reference.lstm_step_backward(*both))["dparams.Wo"]
    assert_gradient(through_h["dparams.Wo"], wanted, "dparams.Wo")


@pytest.mark.credits(1)
def check_lstm_step_backward_biases(student, reference, rng):
    """dparams.bf, bi, bC and bo: what each bias contributed, in all columns together."""
    compare(student, reference, draw(rng, reference), *(f"dparams.{name}" for name in PARAMETERS[4:]))


@pytest.mark.credits(1)
def check_lstm_step_backward_output_gate(student, reference, rng):
    """dx and dh_prev through the output gate alone, where the three others have no weights."""
    blank = {name: np.zeros((H, H + D)) for name in ("Wf", "Wi", "WC")}
    compare(student, reference, draw(rng, reference, **blank), "dx", "dh_prev")


@pytest.mark.credits(1)
def check_lstm_step_backward_all_gates(student, reference, rng):
    """dx and dh_prev collect from all four gates."""
    compare(student, reference, draw(rng, reference), "dx", "dh_prev")
