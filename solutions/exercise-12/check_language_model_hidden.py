"""Hidden checks of exercise-12: ties, large logits, independent judges, flat units, untouched arguments."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.numeric import (
    CheckFailed,
    assert_close,
    assert_gradient,
    assert_unchanged,
    complex_step_gradient,
    unpack,
)

Array = np.ndarray
LOSS_RESULTS = ("loss", "dparams", "dWhy", "dby", "h_last")
BACKWARD_RESULTS = ("dx", "dh_prev", "dparams")
SATURATED = 8.0  # pre-activation: tanh's slope is 4.5e-7 there
PRECISE = 1e-8  # forms of the right formula differ by 1e-9 there, central differences are off by 1e-5


def draw_network(rng: np.random.Generator, reference: Any, H: int, V: int, N: int) -> tuple[Any, ...]:
    """Draw a state, the recurrence's parameters and the output layer, of order 1."""
    params = reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, V)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )
    h = np.tanh(rng.standard_normal((H, N)))
    return h, params, 1.5 * rng.standard_normal((V, H)), 0.6 * rng.standard_normal((V, 1))


def judge(loss: Callable[..., complex], inputs: list[Array]) -> list[Array]:
    """Differentiate a loss by complex step with respect to each of its arguments."""

    def gradient(which: int) -> Array:
        return complex_step_gradient(
            lambda one: loss(*inputs[:which], one, *inputs[which + 1 :]), inputs[which]
        )

    return [gradient(which) for which in range(len(inputs))]


# --- sampling -----------------------------------------------------------------------------------------


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_sample_values")
def check_sample_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Ties, uniforms next to 1 and huge logits are handled; nothing that is handed in is changed."""

    def draw(by: list[float], uniforms: list[float], name: str, scale: float = 0.0) -> Array:
        """Sample from fixed logits: the output layer sees nothing of the state, unless it is scaled up."""
        h, params, Why, _ = draw_network(rng, reference, 5, len(by), 1)
        Why[0], Why[-1] = 0.0, -Why[1]  # the largest logit is above 0, and never the first one
        logits, chances = np.array(by)[:, np.newaxis], np.array(uniforms)
        arguments = (h, 1, len(uniforms), params, scale * Why, logits, chances, 1.0)
        symbols = student.sample(*arguments)
        assert_unchanged(student.changed)
        assert_close(symbols, reference.sample(*arguments), name)
        return symbols

    below_one = float(np.nextafter(1.0, 0.0))
    draw([0.0] * 4, [0.0, 0.25, 0.5, 0.75, 0.6], "symbols where a uniform equals a cumulative probability")
    draw([-1000.0, 0.0, 0.0], [0.0], "symbols where the first one has probability 0")
    draw([0.0] * 10, [below_one], "symbols where the uniform is as close to 1 as it can be")
    draw([0.0] * 6, [0.1, 0.5, 0.9], "symbols where the state makes the logits large", scale=1e5)
    symbols = draw([1000.0, 1001.0, 999.0], [0.05, 0.3, 0.95], "symbols with logits near 1000")
    if symbols.dtype.kind == "f":
        raise CheckFailed("symbols should be integers, so that they can index a vocabulary, but are floats")


# --- the loss of a language model ---------------------------------------------------------------------


def chunk_loss(inputs: Array, targets: Array, h0: Array) -> Callable[..., complex]:
    """Return the loss of a chunk as a function of the parameters; complex ones are welcome."""

    def loss(Wxh: Array, Whh: Array, bh: Array, Why: Array, by: Array) -> complex:
        h, total, columns = h0, 0.0 + 0.0j, np.arange(h0.shape[1])
        for x, right in zip(inputs, targets, strict=True):
            h = np.tanh(Wxh[:, x] + Whh @ h + bh)
            y = Why @ h + by
            total += (np.log(np.exp(y).sum(axis=0)) - y[right, columns]).mean()
        return total

    return loss


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_language_model_loss_value", "check_language_model_loss_gradients")
def check_language_model_loss_leaves_arguments_alone(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """Other sizes, large logits and flat units keep their digits; nothing that is handed in is changed."""
    for T, H, V, N in ((1, 4, 3, 1), (3, 3, 2, 6)):
        inputs, targets = rng.integers(V, size=(2, T, N))
        h0, params, Why, by = draw_network(rng, reference, H, V, N)
        result = student.language_model_loss(inputs, targets, h0, params, Why, by)
        assert_unchanged(student.changed)
        loss, dparams, dWhy, dby, _ = unpack(result, *LOSS_RESULTS)
        judged, at = chunk_loss(inputs, targets, h0), f" with T={T}, V={V}, N={N}"
        assert_close(loss, judged(*params, Why, by).real, "loss" + at)
        wanted = judge(judged, [*params, Why, by])
        assert_gradient(dparams, reference.RNNParams(*wanted[:3]), "dparams" + at)
        assert_gradient(dWhy, wanted[3], "dWhy" + at)
        assert_gradient(dby, wanted[4], "dby" + at)

        large = student.language_model_loss(inputs, targets, h0, params, Why, by + 1000)
        assert_close(unpack(large, *LOSS_RESULTS)[0], loss, f"loss{at} and all logits raised by 1000")
        apart = student.language_model_loss(inputs, targets, h0, params, Why + 1000, by)
        assert_close(unpack(apart, *LOSS_RESULTS)[0], loss, f"loss{at} and each text's logits raised alike")
        above, sure = by + 1000 * (np.arange(V)[:, None] == 1), np.ones_like(targets)
        alone = student.language_model_loss(inputs, sure, h0, params, Why, above)
        assert_close(unpack(alone, *LOSS_RESULTS)[0], 0.0, f"loss{at} and the right logit far above all")

    inputs, targets = rng.integers(4, size=(2, 1, 1))
    h0, params, *output = draw_network(rng, reference, 5, 4, 1)
    inside = SATURATED * rng.choice([-1.0, 1.0], size=(5, 1))
    params = params._replace(bh=inside - params.Wxh[:, inputs[0]] - params.Whh @ h0)
    arguments = (inputs, targets, h0, params, *output)
    _, dparams, *_ = unpack(student.language_model_loss(*arguments), *LOSS_RESULTS)
    wanted = reference.language_model_loss(*arguments)[1]
    assert_gradient(dparams, wanted, "dparams where tanh is nearly flat", tolerance=PRECISE)


# --- the gated recurrent unit -------------------------------------------------------------------------


def gru_forward(x: Array, h_prev: Array, params: Any, reset_after: bool) -> Any:
    """Compute one step of the gated unit; complex arguments are welcome."""
    Wxr, Wxu, Wxg, Whr, Whu, Whg, br, bu, bg, bhg = params
    r = 1 / (1 + np.exp(-(Wxr @ x + Whr @ h_prev + br)))
    u = 1 / (1 + np.exp(-(Wxu @ x + Whu @ h_prev + bu)))
    past = r * (Whg @ h_prev + bhg) if reset_after else Whg @ (r * h_prev) + bhg
    g = np.tanh(Wxg @ x + bg + past)
    return u * h_prev + (1 - u) * g, (r, u, g)


def draw_gru(rng: np.random.Generator, reference: Any, H: int, D: int, N: int) -> tuple[Array, Array, Any]:
    """Draw an input, a state and the parameters of a gated recurrent unit."""
    shapes = [(H, D)] * 3 + [(H, H)] * 3 + [(H, 1)] * 4
    params = reference.GRUParams(*(0.6 * rng.standard_normal(shape) for shape in shapes))
    return rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N))), params


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_gru_step_backward_reset_before", "check_gru_step_backward_reset_after")
@pytest.mark.lend("gru_step_forward")
def check_gru_step_backward_leaves_arguments_alone(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """Other sizes and a flat candidate keep their digits; nothing that is handed in is changed."""
    for reset_after, (H, D, N) in ((False, (4, 1, 1)), (True, (3, 2, 4))):
        x, h_prev, params = draw_gru(rng, reference, H, D, N)
        dh, at = rng.standard_normal((H, N)), f" with H={H}, D={D}, N={N}, reset_after={reset_after}"
        gates = reference.GRUGates(*gru_forward(x, h_prev, params, reset_after)[1])
        result = student.gru_step_backward(dh, x, h_prev, gates, params, reset_after)
        assert_unchanged(student.changed)
        dx, dh_prev, dparams = unpack(result, *BACKWARD_RESULTS)

        def loss(x: Array, h: Array, *params: Array, dh: Array = dh, after: bool = reset_after) -> complex:
            return complex((dh * gru_forward(x, h, params, after)[0]).sum())

        wanted = judge(loss, [x, h_prev, *params])
        assert_gradient(dx, wanted[0], "dx" + at)
        assert_gradient(dh_prev, wanted[1], "dh_prev" + at)
        assert_gradient(dparams, reference.GRUParams(*wanted[2:]), "dparams" + at)

        x, h_prev, params = draw_gru(rng, reference, 5, 3, 1)
        g = gru_forward(x, h_prev, params, reset_after)[1][2]
        inside = SATURATED * rng.choice([-1.0, 1.0], size=(5, 1))
        params = params._replace(bg=params.bg + inside - np.arctanh(g))
        gates = reference.GRUGates(*gru_forward(x, h_prev, params, reset_after)[1])
        arguments = (rng.standard_normal((5, 1)), x, h_prev, gates, params, reset_after)
        _, _, dparams = unpack(student.gru_step_backward(*arguments), *BACKWARD_RESULTS)
        dbg = unpack(dparams, *reference.GRUParams._fields)[8]
        right = reference.gru_step_backward(*arguments)[2].bg
        assert_gradient(dbg, right, "dparams.bg where tanh is nearly flat", tolerance=PRECISE)
