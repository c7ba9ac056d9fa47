"""Hidden checks of exercise-3: an independent judge at other sizes, saturated units, untouched arguments."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_gradient, assert_unchanged, complex_step_gradient, unpack

Array = np.ndarray
NAMES = ("dx", "dh_prev", "dparams")
SATURATED = 8.0  # pre-activation: tanh's slope is 4.5e-7 there
PRECISE = 1e-8  # forms of the right formula differ by 1e-9 there, central differences are off by 1e-7


def draw(rng: np.random.Generator, reference: Any, H: int = 5, D: int = 3, N: int = 2) -> tuple[Any, ...]:
    """Draw the arguments of one step back; states are consistent with the forward pass."""
    params = reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, D)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )
    x, h_prev = rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N)))
    return rng.standard_normal((H, N)), x, h_prev, forward(x, h_prev, *params), params


def forward(x: Array, h_prev: Array, Wxh: Array, Whh: Array, bh: Array) -> Any:
    """Compute the step that is differentiated; complex arguments are welcome."""
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)


def judge(arguments: tuple[Any, ...], which: int) -> Array:
    """Differentiate sum(dh * h) by complex step: 0 is x, 1 is h_prev, 2 to 4 are Wxh, Whh and bh."""
    dh, x, h_prev, _, params = arguments
    inputs: list[Any] = [x, h_prev, *params]

    def loss(one: Array) -> complex:
        parts = inputs.copy()
        parts[which] = one
        x, h_prev, Wxh, Whh, bh = parts
        return complex((dh * forward(x, h_prev, Wxh, Whh, bh)).sum())

    return complex_step_gradient(loss, inputs[which])


@pytest.mark.credits(1)
def check_rnn_step_backward_other_sizes(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """All gradients hold for a single column, a single input and a wide batch."""
    for H, D, N in ((5, 3, 1), (4, 1, 1), (3, 2, 6)):
        arguments, at = draw(rng, reference, H, D, N), f" with H={H}, D={D}, N={N}"
        dx, dh_prev, dparams = unpack(student.rnn_step_backward(*arguments), *NAMES)
        assert_gradient(dx, judge(arguments, 0), "dx" + at)
        assert_gradient(dh_prev, judge(arguments, 1), "dh_prev" + at)
        wanted = reference.RNNParams(*(judge(arguments, which) for which in (2, 3, 4)))
        assert_gradient(dparams, wanted, "dparams" + at)


@pytest.mark.credits(1)
def check_rnn_step_backward_saturated(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """dx where tanh is nearly flat: tiny, not zero. The formula gets it right, differences lose it."""
    dh, x, h_prev, _, params = draw(rng, reference, N=1)
    inside = SATURATED * rng.choice([-1.0, 1.0], size=(5, 1))
    params = params._replace(bh=inside - params.Wxh @ x - params.Whh @ h_prev)
    arguments = (dh, x, h_prev, forward(x, h_prev, *params), params)
    dx, _, _ = unpack(student.rnn_step_backward(*arguments), *NAMES)
    assert_gradient(dx, reference.rnn_step_backward(*arguments)[0], "dx", tolerance=PRECISE)


@pytest.mark.credits(1)
@pytest.mark.depends_on(
    "check_rnn_step_backward_dx",
    "check_rnn_step_backward_dh_prev",
    "check_rnn_step_backward_dWxh",
    "check_rnn_step_backward_dWhh",
    "check_rnn_step_backward_dbh",
)
def check_rnn_step_backward_leaves_arguments_alone(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """Nothing that is handed in is changed, dh least of all, and a second call gives the same answer."""
    arguments = draw(rng, reference)
    first = unpack(student.rnn_step_backward(*arguments), *NAMES)
    assert_unchanged(student.changed)
    wanted = reference.rnn_step_backward(*arguments)
    for name, got, right in zip(NAMES, first, wanted, strict=True):
        assert_gradient(got, right, name)
    for name, got, right in zip(
        NAMES, unpack(student.rnn_step_backward(*arguments), *NAMES), wanted, strict=True
    ):
        assert_gradient(got, right, f"{name} of a second call")
