"""Hidden check of exercise-4: softmax of huge logits, by an independent judge, and an untouched argument."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close, assert_unchanged, complex_step_gradient

Array = np.ndarray
SIZES = ((4, 2), (3, 6), (6, 1), (1, 2))


def judge(y: Array) -> Array:
    """Differentiate Σ log Σ exp y by complex step: its gradient is the softmax of each column."""
    centred = y - y.mean(axis=0)
    return complex_step_gradient(lambda one: complex(np.log(np.exp(one).sum(axis=0)).sum()), centred)


@pytest.mark.credits(1)
def check_softmax_large_logits(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Logits of ±1000 give probabilities as well, and y stays as it was."""
    for O, N in SIZES:
        y = rng.standard_normal((O, N))
        far = y + 1000 * rng.permutation((-1.0) ** np.arange(N))
        assert_close(student.softmax(far), judge(far), f"p of logits of ±1000 with O={O}, N={N}")
        assert_unchanged(student.changed)
    spread = 1000 * rng.permuted(np.array([[-1.0, 1.0, -1.0, 1.0, 0.0]] * 3), axis=1)
    assert_close(student.softmax(spread.T), reference.softmax(spread.T), "p of logits from -1000 to 1000")
