"""Hidden checks of exercise-2: the chapter's toy data, and arguments that stay as they were."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close, assert_unchanged, unpack

Array = np.ndarray
T, H, D, O, N = 7, 5, 3, 4, 2
CHAPTER_X = np.array([[[0.0], [1.0]], [[1.0], [0.0]], [[1.0], [1.0]], [[0.0], [0.0]]])  # (N, T, D)


def draw_params(rng: np.random.Generator, reference: Any, H: int = H, D: int = D) -> Any:
    """Draw the recurrence's parameters, of order 1."""
    return reference.RNNParams(
        Wxh=0.6 * rng.standard_normal((H, D)),
        Whh=0.6 * rng.standard_normal((H, H)),
        bh=0.6 * rng.standard_normal((H, 1)),
    )


def draw_output(rng: np.random.Generator, H: int = H, O: int = O) -> tuple[Array, Array]:
    """Draw the output layer's parameters, of order 1."""
    return 0.6 * rng.standard_normal((O, H)), 0.6 * rng.standard_normal((O, 1))


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_rnn_forward_values")
def check_rnn_forward_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """rnn_forward changes nothing that is handed in, and answers the same twice."""
    xs, h0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N)))
    arguments = (xs, h0, draw_params(rng, reference))
    first = student.rnn_forward(*arguments)
    assert_unchanged(student.changed)
    assert_close(first, reference.rnn_forward(*arguments), "hs")
    assert_close(student.rnn_forward(*arguments), first, "hs of a second call")


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_output_forward_values")
def check_output_forward_leaves_arguments_alone(
    student: Any, reference: Any, rng: np.random.Generator
) -> None:
    """output_forward changes nothing that is handed in, and answers the same twice."""
    arguments = (np.tanh(rng.standard_normal((H, N))), *draw_output(rng))
    first = student.output_forward(*arguments)
    assert_unchanged(student.changed)
    assert_close(first, reference.output_forward(*arguments), "y")
    assert_close(student.output_forward(*arguments), first, "y of a second call")


@pytest.mark.credits(1)
@pytest.mark.lend("rnn_forward", "output_forward")
def check_rnn_predict_on_toy_data(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """The chapter's four sequences work, all at once and one at a time: h_T is (H, N), never (H, H)."""
    params, output = draw_params(rng, reference, D=1), draw_output(rng, O=1)
    together = CHAPTER_X.transpose(1, 2, 0)  # (T, D, N)
    for xs in (together, *(together[:, :, [n]] for n in range(4))):
        y, h_T = unpack(student.rnn_predict(xs, params, *output), "y", "h_T")
        right_y, right_h_T = reference.rnn_predict(xs, params, *output)
        at = f" with N={xs.shape[2]}"
        assert_close(h_T, right_h_T, "h_T" + at)
        assert_close(y, right_y, "y" + at)


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_rnn_predict_values")
@pytest.mark.lend("rnn_forward", "output_forward")
def check_rnn_predict_leaves_arguments_alone(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """rnn_predict changes nothing that is handed in, and remembers nothing from the call before."""
    arguments = (rng.standard_normal((T, D, N)), draw_params(rng, reference), *draw_output(rng))
    first = unpack(student.rnn_predict(*arguments), "y", "h_T")
    assert_unchanged(student.changed)
    assert_close(first, reference.rnn_predict(*arguments), "result")
    assert_close(student.rnn_predict(*arguments), first, "result of a second call")
