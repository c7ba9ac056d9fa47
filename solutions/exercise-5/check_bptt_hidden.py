"""Hidden checks of exercise-5: other sizes, long ways, large gradients, saturation, untouched arguments."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_gradient, assert_unchanged, complex_step_gradient, unpack

Array = np.ndarray
NAMES = ("dxs", "dh0", "dparams")
CLOSE = 1e-6
LONG = 40
LARGE = 12.0  # every array has an entry at least this large; hidden clippings have limits of 1, 5 and 10
SATURATED = 8.0  # pre-activation: tanh's slope is 4.5e-7 there
NEARLY = 0.1  # what is further off than this is wrong for another reason
PRECISE = 1e-8  # forms of the right formula differ by 1e-9 there, central differences are off by 1e-7


def draw_params(rng: np.random.Generator, reference: Any, H: int = 5, D: int = 3) -> Any:
    """Draw the recurrence's parameters, of order 1."""
    return reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, D)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )


def draw(
    rng: np.random.Generator, reference: Any, T: int = 7, H: int = 5, D: int = 3, N: int = 2
) -> tuple[Any, ...]:
    """Draw a sequence read from a state that is not zero, and a gradient for each of its new states."""
    params, xs = draw_params(rng, reference, H, D), rng.standard_normal((T, D, N))
    hs = forward(xs, np.tanh(rng.standard_normal((H, N))), *params)
    return rng.standard_normal((T, H, N)), xs, hs, params


def forward(xs: Array, h0: Array, Wxh: Array, Whh: Array, bh: Array) -> Array:
    """Compute the states (T + 1, H, N) that are differentiated; complex arguments are welcome."""
    states = [h0]
    for x in xs:
        states.append(np.tanh(Wxh @ x + Whh @ states[-1] + bh))
    return np.array(states)


def judge(arguments: tuple[Any, ...], which: int) -> Array:
    """Differentiate sum(dhs * hs[1:]) by complex step: 0 is xs, 1 is h0, 2 to 4 are Wxh, Whh and bh."""
    dhs, xs, hs, params = arguments
    inputs: list[Any] = [xs, hs[0], *params]

    def loss(one: Array) -> complex:
        parts = inputs.copy()
        parts[which] = one
        xs, h0, Wxh, Whh, bh = parts
        return complex((dhs * forward(xs, h0, Wxh, Whh, bh)[1:]).sum())

    return complex_step_gradient(loss, inputs[which])


@pytest.mark.credits(1)
def check_rnn_backward_other_sizes(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """All gradients hold for one step, one sequence, one input and a wide batch."""
    for T, H, D, N in ((1, 5, 3, 2), (4, 5, 3, 1), (3, 4, 1, 1), (2, 3, 2, 6)):
        arguments, at = draw(rng, reference, T, H, D, N), f" with T={T}, H={H}, D={D}, N={N}"
        dxs, dh0, dparams = unpack(student.rnn_backward(*arguments), *NAMES)
        assert_gradient(dxs, judge(arguments, 0), "dxs" + at, tolerance=CLOSE)
        assert_gradient(dh0, judge(arguments, 1), "dh0" + at, tolerance=CLOSE)
        wanted = reference.RNNParams(*(judge(arguments, which) for which in (2, 3, 4)))
        assert_gradient(dparams, wanted, "dparams" + at, tolerance=CLOSE)


@pytest.mark.credits(1)
def check_rnn_backward_without_a_limit(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Nothing limits a gradient on the way: it survives forty steps, and a large one comes back as large."""
    params = draw_params(rng, reference)
    turn, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    params = params._replace(Wxh=0.3 * params.Wxh, Whh=turn, bh=0.1 * params.bh)
    xs, h0 = rng.standard_normal((LONG, 3, 2)), 0.5 * rng.standard_normal((5, 2))
    late = np.zeros((LONG, 5, 2))
    late[-1] = rng.standard_normal((5, 2))
    long_way = (late, xs, forward(xs, h0, *params), params)
    dhs, *rest = draw(rng, reference)
    smallest = min(np.abs(one).max() for one in flat(reference.rnn_backward(dhs, *rest)))
    dhs *= LARGE / smallest
    _, dh0, _ = unpack(student.rnn_backward(*long_way), *NAMES)
    got = unpack(student.rnn_backward(dhs, *rest), *NAMES)
    assert_gradient(dh0, reference.rnn_backward(*long_way)[1], f"dh0 with T={LONG}", tolerance=CLOSE)
    wanted = reference.rnn_backward(dhs, *rest)
    try:
        for name, one, right in zip(NAMES, got, wanted, strict=True):
            assert_gradient(one, right, name, tolerance=CLOSE)
    except CheckFailed as failure:
        raise CheckFailed(f"{failure}{limit(got)}") from None


def flat(result: tuple[Any, ...]) -> tuple[Array, ...]:
    """Return the five gradients of a right result, one after the other."""
    dxs, dh0, dparams = result
    return dxs, dh0, *dparams


def limit(got: tuple[Any, ...]) -> str:
    """Say which round number no entry of an array exceeds, though many reach it: that is no accident."""
    dparams = got[2] if isinstance(got[2], tuple | list) else ()
    for one in (*got[:2], *dparams):
        if isinstance(one, np.ndarray) and one.dtype.kind == "f":
            largest = float(np.abs(one).max(initial=0.0))
            if largest > 0 and largest.is_integer() and (np.abs(one) == largest).sum() > 1:
                return f"\nNo entry goes beyond {largest:g}, and several stop just there. What stops them?"
    return ""


@pytest.mark.credits(1)
def check_rnn_backward_saturated(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """dxs where tanh is nearly flat: tiny, not zero. The formula gets it right, differences lose it."""
    params, xs, h0 = draw_params(rng, reference), rng.standard_normal((1, 3, 1)), rng.standard_normal((5, 1))
    inside = SATURATED * rng.choice([-1.0, 1.0], size=(5, 1))
    params = params._replace(bh=inside - params.Wxh @ xs[0] - params.Whh @ h0)
    arguments = (rng.standard_normal((1, 5, 1)), xs, forward(xs, h0, *params), params)
    dxs, _, _ = unpack(student.rnn_backward(*arguments), *NAMES)
    wanted = reference.rnn_backward(*arguments)[0]
    assert_gradient(dxs, wanted, "dxs", tolerance=NEARLY)
    try:
        assert_gradient(dxs, wanted, "dxs", tolerance=PRECISE)
    except CheckFailed as failure:
        why = "A formula in float64 keeps these digits; float32 or a difference of two losses loses them."
        raise CheckFailed(f"{failure}\n{why}") from None


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_rnn_backward_dh0")
def check_rnn_backward_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Nothing that is handed in is changed, dhs least of all, and a second call gives the same answer."""
    arguments = draw(rng, reference)
    _, dh0, _ = unpack(student.rnn_backward(*arguments), *NAMES)
    assert_unchanged(student.changed)
    wanted = reference.rnn_backward(*arguments)[1]
    assert_gradient(dh0, wanted, "dh0", tolerance=CLOSE)
    _, again, _ = unpack(student.rnn_backward(*arguments), *NAMES)
    assert_gradient(again, wanted, "dh0 of a second call", tolerance=CLOSE)
