"""Visible checks of exercise-6. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, assert_gradient, assert_unchanged, relative_error, unpack

EXACT = {"rtol": 1e-9, "atol": 0.0}  # norms may be tiny, and zero is not good enough for them
ROUGHLY = {"rtol": 1e-6, "atol": 0.0}  # a double eigenvalue is known to half the digits only
CLOSE = 1e-6  # room for the 1e-6 that some add to a norm before they divide by it
TURN = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])  # by one radian
SHEAR = np.array([[0.5, 10.0], [0.0, 0.5]])


def draw_params(rng, reference, H=5, D=3, scale=0.6):
    """Draw parameters, or gradients of them."""
    return reference.RNNParams(
        Wxh=scale * rng.standard_normal((H, D)),
        Whh=scale * rng.standard_normal((H, H)),
        bh=scale * rng.standard_normal((H, 1)),
    )


def draw_sequence(rng, reference, T=7, H=5, D=3, N=2):
    """Draw a sequence read from a state that is not zero, and a gradient for its last state."""
    params, hs = draw_params(rng, reference, H, D), np.empty((T + 1, H, N))
    hs[0] = np.tanh(rng.standard_normal((H, N)))
    for t in range(T):
        hs[t + 1] = np.tanh(params.Wxh @ rng.standard_normal((D, N)) + params.Whh @ hs[t] + params.bh)
    return rng.standard_normal((H, N)), hs, params


def right_places(got, wanted):
    """Name the states at which an array of the right shape is right; nothing if there are none."""
    if not isinstance(got, np.ndarray) or got.shape != wanted.shape or not np.isfinite(got).all():
        return ""
    right = [str(t) for t in np.flatnonzero(np.abs(got - wanted) <= CLOSE * wanted)]
    return f"\nRight at t = {', '.join(right)}, and wrong at all others." if right else ""


def direction(got, grads):
    """Say so if the gradients, taken as one long vector, now point another way."""
    long, before = (np.concatenate([np.ravel(one) for one in arrays]) for arrays in (got, grads))
    lengths = np.linalg.norm(long), np.linalg.norm(before)
    if 0 in lengths or relative_error(long / lengths[0], before / lengths[1]) <= CLOSE:
        return ""
    return "\nTogether they point in another direction than before."


@pytest.mark.credits(1)
def check_gradient_norms_values(student, reference, rng):
    """norms: the gradient's size at every state, for long and short sequences."""
    for T, H, D, N in ((7, 5, 3, 2), (1, 5, 3, 1), (4, 3, 1, 6)):
        arguments, name = draw_sequence(rng, reference, T, H, D, N), f"norms with T={T}, H={H}, N={N}"
        norms, wanted = student.gradient_norms(*arguments), reference.gradient_norms(*arguments)
        try:
            assert_close(norms, wanted, name, **EXACT)
        except CheckFailed as failure:
            raise CheckFailed(f"{failure}{right_places(norms, wanted)}") from None


@pytest.mark.credits(1)
def check_spectral_radius_values(student, reference, rng):
    """The spectral radius is right for matrices of all kinds, those that turn among them."""
    square = rng.standard_normal((5, 5))
    for name, W in {
        "a diagonal matrix": np.diag([0.3, -0.9, 0.6]),
        "a rotation, times 0.9": 0.9 * TURN,
        "a symmetric matrix": square + square.T,
        "a matrix of random numbers": square,
        "[[0.5, 10], [0, 0.5]]": SHEAR,
        "[[-2]]": np.array([[-2.0]]),
    }.items():
        got, wanted = student.spectral_radius(W), reference.spectral_radius(W)
        assert_close(got, wanted, f"the radius of {name}", **ROUGHLY)
        assert_unchanged(student.changed)


@pytest.mark.credits(1)
@pytest.mark.lend("spectral_radius")
def check_gradient_bound_values(student, reference, rng):
    """The bound is right for one step, for many and for none."""
    square = rng.standard_normal((5, 5))
    for name, W in {
        "a rotation, times 0.9": 0.9 * TURN,
        "a diagonal matrix": np.diag([0.3, -0.9, 0.6]),
        "[[0.5, 10], [0, 0.5]]": SHEAR,
        "a matrix of random numbers": square,
    }.items():
        for k in (1, 3, 0, 50):
            got, wanted = student.gradient_bound(W, k), reference.gradient_bound(W, k)
            assert_close(got, wanted, f"the bound for {name} and k={k}", **EXACT)
            assert_unchanged(student.changed)


@pytest.mark.credits(1)
def check_clip_by_value_values(student, reference, rng):
    """Entries beyond the limit become the limit, all others stay, and so do the arrays handed in."""
    grads = draw_params(rng, reference, scale=2.0)
    for limit in (100.0, 1.0, 0.05):
        clipped = student.clip_by_value(grads, limit)
        wanted = reference.clip_by_value(grads, limit)
        assert_close(clipped, wanted, f"clipped (limit {limit:g})")
        assert_unchanged(student.changed)


@pytest.mark.credits(1)
def check_clip_by_global_norm_of_long_gradients(student, reference, rng):
    """Gradients that are too long get the norm max_norm and keep their direction; norm is the old one."""
    grads = draw_params(rng, reference, scale=3.0)
    for max_norm in (5.0, 0.5):
        result, name = student.clip_by_global_norm(grads, max_norm), f" (max_norm {max_norm:g})"
        clipped, norm = unpack(result, "clipped", "norm")
        wanted, right_norm = reference.clip_by_global_norm(grads, max_norm)
        assert_close(norm, right_norm, "norm" + name)
        shapes_only(clipped, wanted, "clipped" + name)
        try:
            assert_gradient(clipped, wanted, "clipped" + name, tolerance=CLOSE)
        except CheckFailed as failure:
            raise CheckFailed(f"{failure}{direction(clipped, grads)}") from None


def shapes_only(got, wanted, name):
    """Require arrays of the right shapes with finite entries."""
    assert_close(got, wanted, name, rtol=0.0, atol=np.inf)
