"""Hidden checks of exercise-1: one sequence, one input, saturation, the chapter's data."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close

Array = np.ndarray
H, D, N = 5, 3, 2


def draw(
    rng: np.random.Generator, reference: Any, H: int = H, D: int = D, N: int = N
) -> tuple[Array, Array, Any]:
    """Draw an input, a state and parameters of order 1."""
    params = reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, D)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )
    return rng.standard_normal((D, N)), np.tanh(rng.standard_normal((H, N))), params


@pytest.mark.credits(1)
def check_rnn_step_forward_column_vectors(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """One sequence with one input works, with h a column and larger batches alike."""
    for H, D, N in ((5, 1, 1), (5, 3, 1), (1, 3, 2), (4, 2, 6)):
        arguments, name = draw(rng, reference, H, D, N), f"h with H={H}, D={D}, N={N}"
        assert_close(student.rnn_step_forward(*arguments), reference.rnn_step_forward(*arguments), name)


@pytest.mark.credits(1)
def check_rnn_step_forward_saturation(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Large inputs drive h close to -1 and 1, never beyond and never to NaN."""
    x, h_prev, params = draw(rng, reference)
    for scale in (3.0, 1e5, -1e5):  # far beyond what an exponential can hold, above zero and below
        arguments = (scale * x, h_prev, params)
        assert_close(student.rnn_step_forward(*arguments), reference.rnn_step_forward(*arguments), "h")
