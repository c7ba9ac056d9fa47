"""Hidden checks of exercise-6: ratios known exactly, gradients within the limit, untouched arguments."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from grader.numeric import (
    assert_close,
    assert_gradient,
    assert_unchanged,
    complex_step_gradient,
    relative_error,
    unpack,
)

Array = np.ndarray
EXACT = {"rtol": 1e-9, "atol": 0.0}
CLOSE = 1e-6  # room for the 1e-6 that some add to a norm before they divide by it
NAMES = ("clipped", "norm")


def draw_params(rng: np.random.Generator, reference: Any, scale: float = 0.6) -> Any:
    """Draw parameters, or gradients of them."""
    return reference.RNNParams(
        Wxh=scale * rng.standard_normal((5, 3)),
        Whh=scale * rng.standard_normal((5, 5)),
        bh=scale * rng.standard_normal((5, 1)),
    )


def forward(xs: Array, h0: Array, params: Any) -> Array:
    """Compute the states (T + 1, H, N) that are differentiated; complex arguments are welcome."""
    states = [h0]
    for x in xs:
        states.append(np.tanh(params.Wxh @ x + params.Whh @ states[-1] + params.bh))
    return np.array(states)


def judge(dh_last: Array, xs: Array, hs: Array, params: Any) -> Array:
    """Differentiate sum(dh_last * last state) with respect to every state, by complex step; return norms."""

    def loss(t: int, h: Array) -> complex:
        return complex((dh_last * forward(xs[t:], h, params)[-1]).sum())

    gradients = (complex_step_gradient(partial(loss, t), h) for t, h in enumerate(hs))
    return np.array([np.linalg.norm(one) for one in gradients])


@pytest.mark.credits(1)
def check_gradient_norms_known_ratios(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Where it is known how much each step stretches, norms agree; and nothing handed in is changed."""
    turn, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    dh_last, params = rng.standard_normal((5, 2)), draw_params(rng, reference)
    for T, stretch in ((50, 0.5), (20, 1.0), (30, 1.2)):
        silent = params._replace(Whh=stretch * turn, bh=np.zeros((5, 1)))
        norms = student.gradient_norms(dh_last, np.zeros((T + 1, 5, 2)), silent)
        wanted = np.linalg.norm(dh_last) * stretch ** np.arange(T, -1, -1.0)
        name = f"norms with zeros for hs and a rotation times {stretch:g} for Whh,"
        assert_close(norms, wanted, name, **EXACT)
    xs = rng.standard_normal((4, 3, 2))
    hs = forward(xs, np.tanh(rng.standard_normal((5, 2))), params)
    student.gradient_norms(dh_last, hs, params)
    assert_unchanged(student.changed)
    if relative_error(reference.gradient_norms(dh_last, hs, params), judge(dh_last, xs, hs, params)) > 1e-12:
        raise RuntimeError("the reference disagrees with a complex step through the forward pass")


@pytest.mark.credits(1)
def check_clip_by_global_norm_leaves_gradients_alone(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """Gradients within the limit come back as they are; what is handed in stays; a second call agrees."""
    drawn = draw_params(rng, reference)
    zeros = reference.RNNParams(*map(np.zeros_like, drawn))
    at_limit = reference.RNNParams(*map(np.zeros_like, drawn))
    at_limit.Wxh[1, 2], at_limit.Whh[4, 0] = -3.0, 4.0
    long = draw_params(rng, reference, scale=3.0)
    answers, changed = [], ()
    for grads, max_norm, kind in (
        (drawn, 100.0, "short gradients"),
        (at_limit, 5.0, "gradients just at the limit"),
        (zeros, 1.0, "zeros"),
        (long, 1.0, "long gradients"),
        (long, 1.0, "long gradients, in a second call"),
    ):
        got = unpack(student.clip_by_global_norm(grads, max_norm), *NAMES)
        answers.append((got, reference.clip_by_global_norm(grads, max_norm)[0], grads, kind))
        changed = changed or student.changed
    for (clipped, norm), wanted, grads, kind in answers:
        assert_close(norm, np.sqrt(sum((one**2).sum() for one in grads)), f"norm of {kind}")
        assert_gradient(clipped, wanted, f"clipped ({kind})", tolerance=CLOSE)
    assert_unchanged(changed)
