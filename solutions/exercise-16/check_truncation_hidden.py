"""Hidden checks of exercise-16: an independent judge of both truncations, and arguments left alone."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close, assert_gradient, assert_unchanged

Array = np.ndarray
T, H, D, N = 9, 4, 2, 3


def draw(rng: np.random.Generator, reference: Any) -> tuple[Array, Array, Array, Any]:
    """Draw gradients, inputs, states and weights of order 1."""
    shapes = (H, D), (H, H), (H, 1)
    params = reference.RNNParams(*(0.6 * rng.standard_normal(shape) for shape in shapes))
    xs, hs = rng.standard_normal((T, D, N)), [np.tanh(rng.standard_normal((H, N)))]
    for x in xs:
        hs.append(np.tanh(params.Wxh @ x + params.Whh @ hs[-1] + params.bh))
    return rng.standard_normal((T, H, N)), xs, np.array(hs), params


def judge(arguments: tuple[Array, Array, Array, Any], reach: list[int], reference: Any) -> Any:
    """Add up every loss's contribution at every step that it reaches: reach[t] steps back from step t."""
    dhs, xs, hs, params = arguments
    total = [np.zeros(param.shape) for param in params]
    for t, dh in enumerate(dhs):
        for s in range(t, t - reach[t], -1):
            da = dh * (1 - hs[s + 1] ** 2)
            for grad, part in zip(total, (da @ xs[s].T, da @ hs[s].T, da.sum(1, keepdims=True)), strict=True):
                grad += part
            dh = params.Whh.T @ da
    return reference.RNNParams(*total)


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_backward_in_chunks_values", "check_backward_in_windows_values")
def check_backward_in_chunks_and_windows_judged(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """Both truncated gradients agree with one that counts every path by itself; no argument is changed."""
    for length in (4, 2):
        arguments = draw(rng, reference)
        chunks = [t % length + 1 for t in range(T)]
        windows = [min(t + 1, length) for t in range(T)]
        for function, reach in (
            (student.backward_in_chunks, chunks),
            (student.backward_in_windows, windows),
        ):
            got = function(*arguments, length)
            changed = student.changed
            assert_gradient(got, judge(arguments, reach, reference), f"dparams of {length} steps")
            assert_unchanged(changed)


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_lag_gradients_values", "check_missing_share_values")
@pytest.mark.lend("lag_gradients")
def check_missing_share_of_a_network(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """The parts of a network add up to its gradient, and what is missing shrinks to nothing."""
    arguments = draw(rng, reference)
    dhs, _, hs, params = arguments
    parts = student.lag_gradients(dhs[-1], hs, params)
    changed = student.changed
    dhs[:-1] = 0
    whole = judge(arguments, list(range(1, T + 1)), reference).Whh
    assert_close(np.sum(parts, axis=0), whole, "sum of all parts")
    assert_unchanged(changed)
    missing = [np.linalg.norm(np.sum(parts[k + 1 :], axis=0)) / np.linalg.norm(whole) for k in range(T)]
    got = student.missing_share(parts)
    changed = student.changed
    assert_close(got, np.array(missing), "shares")
    assert_unchanged(changed)
