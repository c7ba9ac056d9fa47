"""Visible checks of exercise-10. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_gradient, unpack

T, H, D, N = 7, 5, 3, 2
PARAMETERS = ("Wf", "Wi", "WC", "Wo", "bf", "bi", "bC", "bo")


def forward(xs, h0, c0, params, reference):
    """Read the sequence, and keep what a backward pass needs."""
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    hs, cs, gates = [h0], [c0], []
    for x in xs:
        z = np.vstack((hs[-1], x))
        f, i, o = (1 / (1 + np.exp(-(W @ z + b))) for W, b in ((Wf, bf), (Wi, bi), (Wo, bo)))
        g = np.tanh(WC @ z + bC)
        cs.append(f * cs[-1] + i * g)
        hs.append(o * np.tanh(cs[-1]))
        gates.append((f, i, g, o))
    stacked = (np.stack(one) for one in zip(*gates))
    return reference.LSTMTrace(np.stack(hs), np.stack(cs), reference.Gates(*stacked))


def draw(rng, reference, T=T, blind=False, **changed):
    """Draw the arguments of a whole way back; blind gates have no weights for h."""
    weights = 0.6 * rng.standard_normal((4, H, H + D))
    weights[:, :, :H] *= not blind
    params = reference.LSTMParams(*weights, *0.6 * rng.standard_normal((4, H, 1)))._replace(**changed)
    xs, h0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N)))
    c0, dc_last = rng.standard_normal((2, H, N))
    dhs = rng.standard_normal((T, H, N))
    return dhs, dc_last, xs, forward(xs, h0, c0, params, reference), params


def gradients(result):
    """Name the eleven gradients of a way back."""
    dxs, dh0, dc0, dparams = unpack(result, "dxs", "dh0", "dc0", "dparams")
    named = {"dxs": dxs, "dh0": dh0, "dc0": dc0}
    for name, one in zip(PARAMETERS, unpack(dparams, *PARAMETERS)):
        named[f"dparams.{name}"] = one
    return named


def compare(student, reference, arguments, *picked, if_zero=""):
    """Compare the gradients that are picked by name; say more about one that is zero everywhere."""
    got = gradients(student.lstm_backward(*arguments))
    wanted = gradients(reference.lstm_backward(*arguments))
    for name in picked:
        one = got[name]
        if if_zero and isinstance(one, np.ndarray) and one.shape == wanted[name].shape and not one.any():
            pytest.fail(f"`{name}` is zero everywhere: {if_zero}")
        assert_gradient(one, wanted[name], name)


@pytest.mark.credits(1)
def check_lstm_backward_message_of_the_cell(student, reference, rng):
    """dc0 when the cell's message travels alone: dhs = 0, and gates that do not see h."""
    dhs, *others = draw(rng, reference, blind=True)
    lost = "the gradient of the last cell never arrives at the first one. Who hands it on?"
    compare(student, reference, (np.zeros_like(dhs), *others), "dc0", if_zero=lost)


@pytest.mark.credits(1)
def check_lstm_backward_message_of_the_state(student, reference, rng):
    """dh0 when the state's message travels alone: a loss at the last of three steps, only Wo is not zero."""
    blank = {name: np.zeros((H, H + D)) for name in ("Wf", "Wi", "WC")}
    dhs, *others = draw(rng, reference, T=3, **blank)
    dhs[:-1] = 0
    lost = "the gradient of the last hidden state never arrives at the first one. Who hands it on?"
    compare(student, reference, (dhs, *others), "dh0", if_zero=lost)


@pytest.mark.credits(1)
def check_lstm_backward_dxs(student, reference, rng):
    """dxs: the gradient at each of seven inputs, with a loss at every step and at the last cell."""
    arguments = draw(rng, reference)
    got = gradients(student.lstm_backward(*arguments))["dxs"]
    wanted = reference.lstm_backward(*arguments)[0]
    try:
        assert_gradient(got, wanted, "dxs")
    except CheckFailed as failure:
        if not isinstance(got, np.ndarray) or got.shape != wanted.shape:
            raise
        right = [str(t) for t in range(T) if np.allclose(got[t], wanted[t], rtol=1e-6, atol=1e-9)]
        where = f"Right at t = {', '.join(right)}." if right else "Right at no step, not even the last."
        raise CheckFailed(f"{failure}\n{where}") from None


@pytest.mark.credits(1)
def check_lstm_backward_both_starts(student, reference, rng):
    """dh0 and dc0: what all steps together send to the first state, and to a cell whose gates see no h."""
    seeing, blind = draw(rng, reference), draw(rng, reference, blind=True)
    first, second = (gradients(student.lstm_backward(*arguments)) for arguments in (seeing, blind))
    assert_gradient(first["dh0"], reference.lstm_backward(*seeing)[1], "dh0")
    assert_gradient(second["dc0"], reference.lstm_backward(*blind)[2], "dc0")


@pytest.mark.credits(1)
def check_lstm_backward_parameters(student, reference, rng):
    """dparams: the sums of four weights and four biases over all steps, with gates that do not see h."""
    arguments = draw(rng, reference, blind=True)
    compare(student, reference, arguments, *(f"dparams.{name}" for name in PARAMETERS))
