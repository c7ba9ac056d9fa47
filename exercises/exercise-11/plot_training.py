"""What `grader plot exercise-11` draws: how your training goes, and what the gates of your LSTM do."""

import itertools

import numpy as np

from grader.numeric import unpack
from grader.plot import Curve, Panel, assert_drawable, compared

CHAPTER_XS = np.array([[[0.0, 1.0, 1.0, 0.0]], [[1.0, 0.0, 1.0, 0.0]]])  # (T, D, N), its four sequences
CHAPTER_TARGETS = np.array([1, 0, 1, 0])
STEPS, T, N, H = 300, 40, 32, 12  # of the adding problem


def plot(student, reference, rng):
    """Yield two small problems, the adding problem, and, but in a hand-out, the gates after training on it."""
    yield small_problems(student, reference, rng)
    data, start = adding_problem(rng, STEPS, N), long_memory(rng, reference)
    mine = unpack(student.train_adding(*data, *start, 0.02, 1.0), "params", "Wy", "by", "losses")
    right = reference.train_adding(*data, *start, 0.02, 1.0)
    yield Panel(
        "The adding problem",
        "step",
        "mean squared error",
        (*compared("LSTM", mine[-1], right[-1], "losses"), Curve("answering 1", np.full(STEPS, 1 / 6))),
        log=True,
    )
    if not hasattr(reference, "__recorded__"):  # a hand-out has answers only, none to what you trained
        yield gates(reference, mine[0], right[0], adding_problem(rng, 1, 1)[0][0])


def small_problems(student, reference, rng):
    """Train on the chapter's sequences, where the label is the last bit, and on the first of four bits."""
    bits = np.array(list(itertools.product((0.0, 1.0), repeat=4))).T[:, np.newaxis]  # (4, 1, 16)
    curves = []
    for label, xs, targets in (
        ("last of two bits", CHAPTER_XS, CHAPTER_TARGETS),
        ("first of four bits", bits, bits[0, 0].astype(int)),
    ):
        shapes = (6, 1), (6, 6), (6, 1), (1, 6), (1, 1)
        *params, Why, by = (0.5 * rng.standard_normal(shape) for shape in shapes)
        arguments = (xs, targets, reference.RNNParams(*params), Why, by, 1.0, 600)
        *_, mine = unpack(student.train_toy(*arguments), "params", "Why", "by", "losses")
        *_, right = reference.train_toy(*arguments)
        curves += compared(label, mine, right, f"losses, {label}")
    curves.append(Curve("answering one half", np.full(600, np.log(2))))
    return Panel("Two small problems", "step", "cross-entropy", tuple(curves), log=True)


def adding_problem(rng, S, N):
    """Draw S batches: two numbers of each sequence are marked, one in each half; the target is their sum."""
    xs = np.zeros((S, T, 2, N))
    xs[:, :, 0] = rng.uniform(size=(S, T, N))
    batch, column = np.ogrid[:S, :N]
    for half in (rng.integers(0, T // 2, (S, N)), rng.integers(T // 2, T, (S, N))):
        xs[batch, half, 1, column] = 1
    return xs, (xs[:, :, 0] * xs[:, :, 1]).sum(axis=1)


def long_memory(rng, reference):
    """Draw an LSTM whose forget gates begin with memories of 1 to T steps, and an output layer."""
    bound = 1 / np.sqrt(H)
    weights = [rng.uniform(-bound, bound, (H, H + 2)) for _ in range(4)]
    bf = np.log(rng.uniform(1, T - 1, (H, 1)))
    params = reference.LSTMParams(*weights, bf, -bf, np.zeros((H, 1)), np.zeros((H, 1)))
    return params, rng.uniform(-bound, bound, (1, H)), np.zeros((1, 1))


def gates(reference, mine, right, xs):
    """Read one sequence (T, 2, 1) with the LSTM that you trained, and with the reference's."""
    assert_drawable(mine, right, "params")
    mine = unpack(mine, *right._fields)
    zeros, curves = np.zeros((H, 1)), []
    below = reference.lstm_sequence
    runs = [below.lstm_forward(xs, zeros, zeros, reference.LSTMParams(*one)) for one in (mine, right)]
    for name in "fio":
        opened = [getattr(run.gates, name).mean(axis=(1, 2)) for run in runs]
        curves += compared(f"{name}, mean of {H} units", *opened, name)
    marks = tuple(int(t) + 1 for t in np.flatnonzero(xs[:, 1, 0]))
    return Panel(
        "The gates of the trained LSTM, on one sequence",
        "t",
        "how far open",
        tuple(curves),
        first=1,
        marks=marks,
        mark_label="a number to add",
    )
