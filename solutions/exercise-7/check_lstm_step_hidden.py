"""Hidden checks of exercise-7: an independent judge at another size, and arguments that stay as they were."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close, assert_unchanged, unpack

Array = np.ndarray
H, D = 4, 6
NAMES = ("h", "c", "gates")


def squash(a: Array) -> Array:
    """Compute the sigmoid by another formula."""
    return 0.5 + 0.5 * np.tanh(a / 2)


def judge(x: Array, h_prev: Array, c_prev: Array, params: Any, reference: Any) -> tuple[Array, Array, Any]:
    """Compute the step without stacking: the first H columns of a weight matrix meet h_prev, the others x."""
    sums = [W[:, :H] @ h_prev + W[:, H:] @ x + b for W, b in zip(params[:4], params[4:], strict=True)]
    f, i, o = (squash(sums[which]) for which in (0, 1, 3))
    g = np.tanh(sums[2])
    c = c_prev * f + g * i
    return np.tanh(c) * o, c, reference.Gates(f, i, g, o)


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_sigmoid_values")
def check_sigmoid_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """sigmoid changes nothing that is handed in, and answers the same twice."""
    z = 3 * rng.standard_normal((H, D))
    first = student.sigmoid(z)
    assert_unchanged(student.changed)
    assert_close(first, squash(z), "sigmoid(a)")
    assert_close(student.sigmoid(z), first, "sigmoid(a) of a second call")


@pytest.mark.credits(1)
@pytest.mark.depends_on(
    "check_lstm_step_forward_gates", "check_lstm_step_forward_c", "check_lstm_step_forward_h"
)
@pytest.mark.lend("sigmoid")
def check_lstm_step_forward_leaves_arguments_alone(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """lstm_step_forward changes nothing that is handed in, c_prev least of all; a second call agrees."""
    for N in (3, 1):  # with one sequence even the biases can be written into
        weights, biases = 0.6 * rng.standard_normal((4, H, H + D)), 0.6 * rng.standard_normal((4, H, 1))
        x, h_prev, c_prev = (rng.standard_normal((size, N)) for size in (D, H, H))
        arguments = (x, np.tanh(h_prev), c_prev, reference.LSTMParams(*weights, *biases))
        wanted = judge(*arguments, reference)
        first = unpack(student.lstm_step_forward(*arguments), *NAMES)
        assert_unchanged(student.changed)
        second = unpack(student.lstm_step_forward(*arguments), *NAMES)
        for name, one, another, right in zip(NAMES, first, second, wanted, strict=True):
            assert_close(one, right, name)
            assert_close(another, right, f"{name} of a second call")
