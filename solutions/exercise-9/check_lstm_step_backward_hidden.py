"""Hidden checks of exercise-9: an independent judge at other sizes, saturated units, untouched arguments."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_gradient, assert_unchanged, complex_step_gradient, unpack

Array = np.ndarray
Arguments = tuple[Any, ...]
SATURATED = 8.0  # pre-activation: the slope is 4.5e-7 for tanh there, 3.4e-4 for the sigmoid
PRECISE = 1e-8  # forms of the right formula differ by 1e-10 there, central differences by 2e-7 and more
PARAMETERS = ("Wf", "Wi", "WC", "Wo", "bf", "bi", "bC", "bo")
INPUTS = ("dx", "dh_prev", "dc_prev", *(f"dparams.{name}" for name in PARAMETERS))
VISIBLE = "dh_reaches_the_cell dc_reaches_the_cell dc_prev weights biases output_gate all_gates".split()


def forward(x: Array, h_prev: Array, c_prev: Array, *params: Array) -> tuple[Any, Any, tuple[Any, ...]]:
    """Compute the step that is differentiated; complex arguments are welcome."""
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    z = np.vstack((h_prev, x))
    f, i, o = (1 / (1 + np.exp(-(W @ z + b))) for W, b in ((Wf, bf), (Wi, bi), (Wo, bo)))
    g = np.tanh(WC @ z + bC)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, (f, i, g, o)


def draw(rng: np.random.Generator, reference: Any, H: int = 5, D: int = 3, N: int = 2) -> Arguments:
    """Draw the arguments of one step back; states are consistent with the forward pass."""
    weights, biases = 0.6 * rng.standard_normal((4, H, H + D)), 0.6 * rng.standard_normal((4, H, 1))
    x, h_prev = rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N)))
    dh, dc, c_prev = rng.standard_normal((3, H, N))
    return step(reference, dh, dc, x, h_prev, c_prev, reference.LSTMParams(*weights, *biases))


def step(
    reference: Any, dh: Array, dc: Array, x: Array, h_prev: Array, c_prev: Array, params: Any
) -> Arguments:
    """Complete the arguments of one step back with what the step forward makes of them."""
    _, c, gates = forward(x, h_prev, c_prev, *params)
    return dh, dc, x, h_prev, c_prev, c, reference.Gates(*gates), params


def judge(arguments: Arguments) -> dict[str, Array]:
    """Differentiate sum(dh * h) + sum(dc * c) by complex step."""
    dh, dc, x, h_prev, c_prev, _, _, params = arguments
    inputs: list[Any] = [x, h_prev, c_prev, *params]

    def gradient(which: int) -> Array:
        def loss(one: Array) -> complex:
            h, c, _ = forward(*inputs[:which], one, *inputs[which + 1 :])
            return complex((dh * h).sum() + (dc * c).sum())

        return complex_step_gradient(loss, inputs[which])

    return {name: gradient(which) for which, name in enumerate(INPUTS)}


def gradients(result: Any) -> dict[str, Any]:
    """Name the eleven gradients of one step back."""
    *inputs, dparams = unpack(result, *INPUTS[:3], "dparams")
    return dict(zip(INPUTS, (*inputs, *unpack(dparams, *PARAMETERS)), strict=True))


@pytest.mark.credits(1)
def check_lstm_step_backward_other_sizes(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """All gradients hold for one column, one input and a wide batch; WC's where tanh is nearly flat."""
    asked = []
    for H, D, N in ((4, 3, 1), (5, 1, 1), (3, 2, 6)):
        arguments = draw(rng, reference, H, D, N)
        asked.append((gradients(student.lstm_step_backward(*arguments)), arguments, (H, D, N)))
    flat = saturated(rng, reference)
    got = gradients(student.lstm_step_backward(*flat))["dparams.WC"]
    for mine, arguments, (H, D, N) in asked:
        for name, wanted in judge(arguments).items():
            assert_gradient(mine[name], wanted, f"{name} with H={H}, D={D}, N={N}")
    wanted = gradients(reference.lstm_step_backward(*flat))["dparams.WC"]
    assert_gradient(got, wanted, "dparams.WC where the candidate is nearly 1", tolerance=PRECISE)


def saturated(rng: np.random.Generator, reference: Any) -> Arguments:
    """Draw arguments with a candidate that hardly moves: its gradient is tiny, and differences lose it."""
    dh, dc, x, h_prev, c_prev, _, _, params = draw(rng, reference, N=1)
    open_, both = SATURATED * np.ones((5, 1)), SATURATED * rng.choice([-1.0, 1.0], size=(2, 5, 1))
    z = np.vstack((h_prev, x))
    inside = (both[0], open_, both[1], open_)
    params = params._replace(
        **{bias: at - W @ z for bias, at, W in zip(PARAMETERS[4:], inside, params[:4], strict=True)}
    )
    return step(reference, 0 * dh, dc, x, h_prev, c_prev, params)


@pytest.mark.credits(1)
@pytest.mark.depends_on(*(f"check_lstm_step_backward_{name}" for name in VISIBLE))
def check_lstm_step_backward_leaves_arguments_alone(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """Nothing that is handed in is changed, dh and dc least of all; a second call says the same."""
    arguments = draw(rng, reference)
    first = gradients(student.lstm_step_backward(*arguments))
    assert_unchanged(student.changed)
    second = gradients(student.lstm_step_backward(*arguments))
    for name, wanted in gradients(reference.lstm_step_backward(*arguments)).items():
        assert_gradient(first[name], wanted, name)
        assert_gradient(second[name], wanted, f"{name} of a second call")
