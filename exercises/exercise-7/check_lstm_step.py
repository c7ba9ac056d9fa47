"""Visible checks of exercise-7. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, unpack

H, D, N = 5, 3, 2
SIZES = ((5, 3, 2), (5, 3, 1), (4, 1, 1), (1, 2, 3))
OPEN, SHUT = 50.0, -50.0  # biases that leave a gate no choice
RESULTS = ("h", "c", "gates")
REVERSED = "\nSo it would be with the stack the other way round: which block meets the first H columns of W?"
TAKES = "An entry of c is what the forget gate leaves of the old one, plus what the input gate lets in."


def draw(rng, reference, H=H, D=D, N=N):
    """Draw the arguments of one step, of order 1; the cell is larger, since nothing bounds it."""
    weights = 0.6 * rng.standard_normal((4, H, H + D))
    biases = 0.6 * rng.standard_normal((4, H, 1))
    x, h_prev = rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N)))
    return x, h_prev, 2 * rng.standard_normal((H, N)), reference.LSTMParams(*weights, *biases)


def compare(student, reference, rng, which):
    """Compare one of the three results at several sizes: 0 is h, 1 is c, 2 are the gates."""
    for H, D, N in SIZES:
        arguments = draw(rng, reference, H, D, N)
        got = unpack(student.lstm_step_forward(*arguments), *RESULTS)[which]
        wanted = reference.lstm_step_forward(*arguments)[which]
        try:
            assert_close(got, wanted, RESULTS[which])
        except CheckFailed as failure:
            why = REVERSED if is_reversed(got, reference, arguments, which) else ""
            raise CheckFailed(f"With H={H}, D={D}, N={N}: {failure}{why}") from None


def is_reversed(got, reference, arguments, which):
    """Say whether a result is that of a stack with x on top of the state."""
    x, h_prev, c_prev, params = arguments
    weights = [np.hstack((W[:, len(x) :], W[:, : len(x)])) for W in params[:4]]
    other = reference.lstm_step_forward(x, h_prev, c_prev, reference.LSTMParams(*weights, *params[4:]))
    try:
        assert_close(got, other[which], "the result")
    except CheckFailed:
        return False
    return True


@pytest.mark.credits(1)
def check_sigmoid_values(student, reference, rng):
    """Numbers of any sign come out right, in arrays of one, two and three axes."""
    for shape in ((7,), (5, 2), (3, 4, 2)):
        z = 3 * rng.standard_normal(shape)
        assert_close(student.sigmoid(z), reference.sigmoid(z), f"sigmoid(a) with a of shape {shape}")


@pytest.mark.credits(1)
def check_sigmoid_extremes(student, reference, rng):
    """Numbers up to ±1000: the results are finite, and no exponential overflows on the way."""
    sizes = np.array([1000.0, 725.0, 700.0, 40.0, 3.0]) + rng.uniform(-1, 1, size=5)
    z = np.concatenate((-sizes, sizes[::-1]))
    got, wanted = student.sigmoid(z), reference.sigmoid(z)
    try:
        assert_close(got, wanted, "sigmoid(a)")
    except CheckFailed as failure:
        numbers = ", ".join(f"{one:.0f}" for one in z)
        raise CheckFailed(f"{failure}\nHere a is {numbers}.") from None
    if got[1] == 0 < min(wanted[1], got[2]):  # exp(725) is no float, exp(-725) and exp(700) are
        raise CheckFailed(
            f"your sigmoid({z[2]:.0f}) is tiny, but sigmoid({z[1]:.0f}) is 0 instead of tinier: the exp of a "
            "large number has become infinite on the way. NumPy's overflow warning says so, and silencing it "
            "helps nothing. Which exponents can never give more than 1?"
        )


@pytest.mark.credits(1)
@pytest.mark.lend("sigmoid")
def check_lstm_step_forward_one_gate_at_a_time(student, reference, rng):
    """Gates forced open (bias 50) or shut (-50): c is kept, erased, replaced or added to; h shows it."""
    for bf, bi, bo in ((OPEN, SHUT, OPEN), (SHUT, SHUT, OPEN), (SHUT, OPEN, OPEN), (OPEN, OPEN, SHUT)):
        x, h_prev, c_prev, params = draw(rng, reference)
        forced = {"bf": bf, "bi": bi, "bo": bo}
        biases = {name: np.full((H, 1), bias) for name, bias in forced.items()}
        params = params._replace(WC=np.zeros((H, H + D)), **biases)
        at = " with " + ", ".join(f"{name} = {bias:.0f}" for name, bias in forced.items())
        h, c, _ = unpack(student.lstm_step_forward(x, h_prev, c_prev, params), *RESULTS)
        wanted = (bf > 0) * c_prev + (bi > 0) * np.tanh(params.bC)
        try:
            assert_close(c, wanted, "c" + at)
        except CheckFailed as failure:
            raise CheckFailed(f"{failure}\n{TAKES}") from None
        assert_close(h, (bo > 0) * np.tanh(wanted), "h" + at)


@pytest.mark.credits(1)
@pytest.mark.lend("sigmoid")
def check_lstm_step_forward_gates(student, reference, rng):
    """gates: f, i, g and o are right; N=1 and D=1 as well."""
    compare(student, reference, rng, 2)


@pytest.mark.credits(1)
@pytest.mark.lend("sigmoid")
def check_lstm_step_forward_c(student, reference, rng):
    """c: the memory after the step."""
    compare(student, reference, rng, 1)


@pytest.mark.credits(1)
@pytest.mark.lend("sigmoid")
def check_lstm_step_forward_h(student, reference, rng):
    """h: what the memory shows."""
    compare(student, reference, rng, 0)
