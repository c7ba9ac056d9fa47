"""Visible checks of exercise-16. A check's first sentence is what the grader shows."""

import numpy as np
import pytest

from grader.numeric import assert_close, assert_gradient

H, D, N = 5, 3, 2
CUTS = (
    (7, 3),
    (6, 3),
    (7, 1),
    (8, 4),
    (5, 9),
    (4, 2),
)  # T and length; some fit, some do not, one is too long


def draw(rng, reference, T):
    """Draw a sequence with its states, carried from a first one that is not zero, and weights of order 1."""
    shapes = (H, D), (H, H), (H, 1)
    params = reference.RNNParams(*(0.6 * rng.standard_normal(shape) for shape in shapes))
    xs, hs = rng.standard_normal((T, D, N)), np.empty((T + 1, H, N))
    hs[0] = np.tanh(rng.standard_normal((H, N)))
    for t in range(T):
        hs[t + 1] = np.tanh(params.Wxh @ xs[t] + params.Whh @ hs[t] + params.bh)
    return rng.standard_normal((T, H, N)), xs, hs, params


def compare_all(function, right, questions, compare=assert_close):
    """Put every question before an answer is compared: a mistake should show wherever it can."""
    answers = [function(*arguments) for arguments in questions.values()]
    for (name, arguments), got in zip(questions.items(), answers, strict=True):
        compare(got, right(*arguments), name)


@pytest.mark.credits(1)
def check_chunk_bounds_values(student, reference, rng):
    """The bounds of chunks, whether the length divides T or not."""
    cuts = (*CUTS, (int(rng.integers(20, 40)), int(rng.integers(6, 9))), (1, 1))
    questions = {f"bounds for T={T} and length {length}": (T, length) for T, length in cuts}
    compare_all(student.chunk_bounds, reference.chunk_bounds, questions)


@pytest.mark.credits(1)
@pytest.mark.lend("chunk_bounds")
@pytest.mark.builds_on("exercise-2.rnn_forward")
def check_forward_in_chunks_values(student, reference, rng):
    """Read in chunks of any length, the states are those of reading in one go."""
    questions = {}
    for T, length in CUTS:
        _, xs, hs, params = draw(rng, reference, T)
        questions[f"hs for T={T} and length {length}"] = xs, hs[0], params, length
    compare_all(student.forward_in_chunks, reference.forward_in_chunks, questions)


def gradient_questions(rng, reference):
    """Draw a question for each way to cut."""
    return {
        f"dparams for T={T} and length {length}": (*draw(rng, reference, T), length) for T, length in CUTS
    }


@pytest.mark.credits(1)
@pytest.mark.lend("chunk_bounds")
@pytest.mark.builds_on("exercise-5.rnn_backward")
def check_backward_in_chunks_values(student, reference, rng):
    """The gradient is whole within each chunk, and nothing crosses a bound."""
    questions = gradient_questions(rng, reference)
    compare_all(student.backward_in_chunks, reference.backward_in_chunks, questions, assert_gradient)


@pytest.mark.credits(1)
@pytest.mark.builds_on("exercise-5.rnn_backward")
def check_backward_in_windows_values(student, reference, rng):
    """The loss of every step goes back through as many steps as the window has, or as there are."""
    questions = {
        name.replace("length", "window"): arguments
        for name, arguments in gradient_questions(rng, reference).items()
    }
    compare_all(student.backward_in_windows, reference.backward_in_windows, questions, assert_gradient)


@pytest.mark.credits(1)
def check_lag_gradients_values(student, reference, rng):
    """Every lag's part of the gradient of Whh is right, from the last step to the first."""
    questions = {}
    for T in (7, 3, 1):
        dhs, _, hs, params = draw(rng, reference, T)
        questions[f"parts for T={T}"] = dhs[-1], hs, params
    compare_all(student.lag_gradients, reference.lag_gradients, questions)


@pytest.mark.credits(1)
def check_missing_share_values(student, reference, rng):
    """What is missing is measured after the matrices are added up, also where parts cancel."""
    questions = {}
    for T in (6, 4):
        parts = rng.standard_normal((T, H, H)) * np.exp(-np.arange(T))[:, np.newaxis, np.newaxis]
        questions[f"shares for T={T}"] = (parts,)
    cancelling = rng.standard_normal((3, H, H))
    cancelling[2] = 0.1 * cancelling[2] - cancelling[1]
    questions["shares of parts that cancel"] = (100 * cancelling,)
    questions["shares of a single part"] = (rng.standard_normal((1, H, H)),)
    compare_all(student.missing_share, reference.missing_share, questions)
