"""Visible checks of exercise-14. A check's first sentence is what the grader shows."""

from itertools import combinations

import numpy as np
import pytest

from grader.numeric import CheckFailed, assert_close, unpack

RNN_PARTS = ("exercise-2.rnn_forward", "exercise-2.output_forward", "exercise-2.rnn_predict")
LSTM_PARTS = ("exercise-8.lstm_forward", "exercise-2.output_forward")
DEVIATION = 0.01  # of the weights; the matrices below have 800 entries or more, so theirs is within 8 % of it
FAR = 0.02  # numbers drawn evenly with that deviation end at 0.0173; one normal number in 22 lies beyond this


def rnn_shapes(D, H, O):
    """Return the shapes of a SimpleRNN's arrays, weights first."""
    return {"Wxh": (H, D), "Whh": (H, H), "Why": (O, H), "bh": (H, 1), "by": (O, 1)}


def lstm_shapes(D, H, O):
    """Return the shapes of an LSTM's arrays, weights first."""
    shapes = dict.fromkeys(("Wf", "Wi", "WC", "Wo"), (H, H + D)) | {"Wy": (O, H)}
    return shapes | dict.fromkeys(("bf", "bi", "bC", "bo"), (H, 1)) | {"by": (O, 1)}


def draw(rng, shapes):
    """Draw arrays of order 1."""
    return {name: 0.6 * rng.standard_normal(shape) for name, shape in shapes.items()}


def compare_answers(forward, right, shapes_of, rng, *names):
    """Let a network read one sequence and batches; all is asked before an answer is compared."""
    sizes, tiny = (3, 5, 2), (1, 4, 1)
    asked = [
        ("one sequence, X of shape (3, 3)", rng.standard_normal((3, 3)), sizes),
        ("one sequence, X of shape (4, 3)", rng.standard_normal((4, 3)), sizes),
        ("a batch, X of shape (7, 3, 2)", rng.standard_normal((7, 3, 2)), sizes),
        ("one step, X of shape (1, 3)", rng.standard_normal((1, 3)), sizes),
        ("the chapter's X[0], of shape (2, 1)", np.array([[0], [1]]), tiny),
        ("the chapter's X as a batch, of shape (2, 1, 4)", np.array([[[0, 1, 1, 0]], [[1, 0, 1, 0]]]), tiny),
    ]
    answers = []
    for _, X, (D, H, O) in asked:
        arrays = draw(rng, shapes_of(D, H, O))
        answers.append((forward([X], arrays)[0], right([X], arrays)[0]))
    for (told, _, _), (got, wanted) in zip(asked, answers):
        for name, mine, other in zip(names, unpack(got, *names), wanted):
            assert_close(mine, other, f"{name} of {told},")


def compare_start(init, shapes_of, rng):
    """Look at what two networks start with: shapes first, then how weights are drawn, then biases."""
    D, H, O = 30, 40, 20
    one, other = (int(seed) for seed in rng.choice(10**6, 2, replace=False))
    start, another = init(D, H, O, one), init(D, H, O, other)
    shapes = shapes_of(D, H, O)
    for name, shape in shapes.items():
        assert_close(start[name], np.zeros(shape), name, rtol=0, atol=np.inf)
    weights = [name for name in shapes if name.startswith("W")]
    for name in weights:
        look_at_weights(name, start[name])
    for name, twin in combinations(weights, 2):
        if shared(start[name], start[twin]):
            raise CheckFailed(f"`{name}` and `{twin}` hold the same numbers; each is a draw of its own")
    for name in weights:
        if shared(start[name], another[name]):
            raise CheckFailed(f"`{name}` is the same for two seeds; what is the seed for?")
    for name, shape in shapes.items():
        if name not in weights:
            assert_close(start[name], np.zeros(shape), name)


def look_at_weights(name, W):
    """Require normal numbers with mean 0 and standard deviation 0.01, each drawn by itself."""
    if np.unique(W).size < 0.9 * W.size:
        raise CheckFailed(f"of the {W.size} entries of `{name}` only {np.unique(W).size} differ")
    mean, deviation = float(W.mean()), float(W.std())
    if not 0.8 * DEVIATION < deviation < 1.2 * DEVIATION:
        raise CheckFailed(f"`{name}` has a standard deviation of {deviation:.2g}; it should be about 0.01")
    if abs(mean) > 0.3 * DEVIATION:
        raise CheckFailed(f"the entries of `{name}` have a mean of {mean:.2g}; it should be about 0")
    if np.abs(W).max() < FAR:
        told = f"no entry of `{name}` goes beyond {np.abs(W).max():.4f}; of {W.size} normal numbers some do"
        raise CheckFailed(told)


def shared(W, other):
    """Whether two arrays have more than a few numbers in common."""
    return np.isin(W, other).mean() > 0.1


@pytest.mark.credits(1)
def check_SimpleRNN_init_start(student, reference, rng):
    """SimpleRNN starts with weights of 0.01 times normal numbers, drawn by the seed, and biases of zero."""
    compare_start(student.SimpleRNN_init, rnn_shapes, rng)


@pytest.mark.credits(1)
@pytest.mark.builds_on(*RNN_PARTS)
def check_SimpleRNN_forward_values(student, reference, rng):
    """SimpleRNN.forward answers y and h: for one sequence of shape (T, D) as columns, for a batch as well."""
    right = reference.SimpleRNN_forward
    compare_answers(student.SimpleRNN_forward, right, rnn_shapes, rng, "y", "h")


@pytest.mark.credits(1)
def check_LSTM_init_start(student, reference, rng):
    """LSTM starts with weights of 0.01 times normal numbers, drawn by the seed, and biases of zero."""
    compare_start(student.LSTM_init, lstm_shapes, rng)


@pytest.mark.credits(1)
@pytest.mark.builds_on(*LSTM_PARTS)
def check_LSTM_forward_values(student, reference, rng):
    """LSTM.forward answers y, h and c: for one sequence of shape (T, D) as columns, for a batch as well."""
    compare_answers(student.LSTM_forward, reference.LSTM_forward, lstm_shapes, rng, "y", "h", "c")
