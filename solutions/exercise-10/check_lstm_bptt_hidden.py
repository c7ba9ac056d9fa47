"""Hidden checks of exercise-10: an independent judge at other sizes, saturated units, untouched arguments."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_gradient, assert_unchanged, complex_step_gradient, unpack

Array = np.ndarray
Arguments = tuple[Any, ...]
LOUD = 100.0  # a scale at which messages and sums go well beyond 10, so that clipping shows
SATURATED = 8.0  # pre-activation: the slope is 4.5e-7 for tanh there, 3.4e-4 for the sigmoid
PRECISE = 1e-8  # forms of the right formula differ by 1e-10 there, central differences by 2e-7 and more
PARAMETERS = ("Wf", "Wi", "WC", "Wo", "bf", "bi", "bC", "bo")
NAMES = ("dxs", "dh0", "dc0", *(f"dparams.{name}" for name in PARAMETERS))
VISIBLE = "message_of_the_cell message_of_the_state dxs both_starts parameters".split()


def forward(xs: Array, h0: Array, c0: Array, *params: Array) -> tuple[list[Any], list[Any], list[Any]]:
    """Read a sequence; complex arguments are welcome."""
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    hs, cs, gates = [h0], [c0], []
    for x in xs:
        z = np.vstack((hs[-1], x))
        f, i, o = (1 / (1 + np.exp(-(W @ z + b))) for W, b in ((Wf, bf), (Wi, bi), (Wo, bo)))
        g = np.tanh(WC @ z + bC)
        cs.append(f * cs[-1] + i * g)
        hs.append(o * np.tanh(cs[-1]))
        gates.append((f, i, g, o))
    return hs, cs, gates


def draw(
    rng: np.random.Generator, reference: Any, T: int = 7, H: int = 5, D: int = 3, N: int = 2
) -> Arguments:
    """Draw the arguments of a whole way back; states are consistent with the forward pass."""
    weights, biases = 0.6 * rng.standard_normal((4, H, H + D)), 0.6 * rng.standard_normal((4, H, 1))
    xs, h0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N)))
    c0, dc_last = rng.standard_normal((2, H, N))
    params = reference.LSTMParams(*weights, *biases)
    return rng.standard_normal((T, H, N)), dc_last, xs, trace(reference, xs, h0, c0, params), params


def trace(reference: Any, xs: Array, h0: Array, c0: Array, params: Any) -> Any:
    """Return what the forward pass leaves behind."""
    hs, cs, gates = forward(xs, h0, c0, *params)
    stacked = (np.stack(one) for one in zip(*gates, strict=True))
    return reference.LSTMTrace(np.stack(hs), np.stack(cs), reference.Gates(*stacked))


def judge(arguments: Arguments) -> dict[str, Array]:
    """Differentiate sum(dhs * hs) + sum(dc_last * c) by complex step."""
    dhs, dc_last, xs, (hs, cs, _), params = arguments
    inputs: list[Any] = [xs, hs[0], cs[0], *params]

    def gradient(which: int) -> Array:
        def loss(one: Array) -> complex:
            hs, cs, _ = forward(*inputs[:which], one, *inputs[which + 1 :])
            return complex((dhs * np.stack(hs[1:])).sum() + (dc_last * cs[-1]).sum())

        return complex_step_gradient(loss, inputs[which])

    return {name: gradient(which) for which, name in enumerate(NAMES)}


def gradients(result: Any) -> dict[str, Any]:
    """Name the eleven gradients of a way back."""
    *inputs, dparams = unpack(result, *NAMES[:3], "dparams")
    return dict(zip(NAMES, (*inputs, *unpack(dparams, *PARAMETERS)), strict=True))


@pytest.mark.credits(1)
def check_lstm_backward_other_sizes(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """All gradients hold for one step, column or input; large ones; WC's where tanh is nearly flat."""
    asked = []
    for T, H, D, N, scale in ((1, 4, 3, 2, 1.0), (7, 3, 1, 1, LOUD), (3, 2, 2, 4, 1.0)):
        dhs, dc_last, *others = draw(rng, reference, T, H, D, N)
        arguments = (scale * dhs, scale * dc_last, *others)
        size = f"T={T}, H={H}, D={D}, N={N}{', for large gradients' if scale > 1 else ''}"
        asked.append((gradients(student.lstm_backward(*arguments)), arguments, size))
    flat = saturated(rng, reference)
    got = gradients(student.lstm_backward(*flat))["dparams.WC"]
    for mine, arguments, size in asked:
        for name, wanted in judge(arguments).items():
            assert_gradient(mine[name], wanted, f"{name} with {size}")
    wanted = gradients(reference.lstm_backward(*flat))["dparams.WC"]
    assert_gradient(got, wanted, "dparams.WC where the candidate is nearly 1", tolerance=PRECISE)


def saturated(rng: np.random.Generator, reference: Any) -> Arguments:
    """Draw arguments with a candidate that hardly moves: its gradient is tiny, and differences lose it."""
    dhs, dc_last, xs, (hs, cs, _), params = draw(rng, reference, T=1, N=1)
    open_, both = SATURATED * np.ones((5, 1)), SATURATED * rng.choice([-1.0, 1.0], size=(2, 5, 1))
    z = np.vstack((hs[0], xs[0]))
    inside = (both[0], open_, both[1], open_)
    params = params._replace(
        **{bias: at - W @ z for bias, at, W in zip(PARAMETERS[4:], inside, params[:4], strict=True)}
    )
    return 0 * dhs, dc_last, xs, trace(reference, xs, hs[0], cs[0], params), params


@pytest.mark.credits(1)
@pytest.mark.depends_on(*(f"check_lstm_backward_{name}" for name in VISIBLE))
def check_lstm_backward_leaves_arguments_alone(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """Nothing that is handed in is changed, dhs and dc_last least of all; a second call says the same."""
    arguments = draw(rng, reference)
    first = gradients(student.lstm_backward(*arguments))
    assert_unchanged(student.changed)
    second = gradients(student.lstm_backward(*arguments))
    for name, wanted in gradients(reference.lstm_backward(*arguments)).items():
        assert_gradient(first[name], wanted, name)
        assert_gradient(second[name], wanted, f"{name} of a second call")
