"""Measures what the tables of lessons 5, 6, 8, 10 and 11 say of random and of trained networks.

    python docs/measurements.py norms       how long a gradient is after fifty steps back (lessons 6, 8, 10)
    python docs/measurements.py mistakes    what wrong gradients learn all the same (lessons 5, 11)

Every network is drawn from a seed of its own, 0 to one less than the number of draws. The first takes
seconds, the second some minutes.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grader.checks.collection import load_reference
from grader.course import open_course

Array = np.ndarray[Any, np.dtype[np.float64]]

ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def solution(number: int) -> Any:
    """Return the reference of an exercise."""
    return load_reference(open_course(ROOT)[f"exercise-{number}"])


# --- lessons 6, 8, 10: how long a gradient is after fifty steps back ------------------------------------

NORM_DRAWS, STEPS, INPUTS, UNITS = 200, 50, 3, 16


def rnn_norm(scale: float, seed: int) -> float:
    """Return how long a gradient of length 1 is after ``STEPS`` steps back through an RNN of this scale."""
    rng = np.random.default_rng(seed)
    Wxh, Whh = scale * rng.standard_normal((UNITS, INPUTS)), scale * rng.standard_normal((UNITS, UNITS))
    params = solution(2).RNNParams(Wxh, Whh, np.zeros((UNITS, 1)))
    hs = solution(2).rnn_forward(rng.standard_normal((STEPS, INPUTS, 1)), np.zeros((UNITS, 1)), params)
    dh = rng.standard_normal((UNITS, 1))
    return float(solution(6).gradient_norms(dh / np.linalg.norm(dh), hs, params)[0])


def lstm_norm(bias: float, seed: int) -> float:
    """Return the same for an LSTM with this forget bias and weights between -1/sqrt(H) and 1/sqrt(H)."""
    rng = np.random.default_rng(seed)
    size = UNITS**-0.5
    weights = (rng.uniform(-size, size, (UNITS, UNITS + INPUTS)) for _ in range(4))
    zeros, dhs = np.zeros((UNITS, 1)), np.zeros((STEPS, UNITS, 1))
    params = solution(8).LSTMParams(*weights, zeros + bias, zeros, zeros, zeros)
    xs = rng.standard_normal((STEPS, INPUTS, 1))
    dhs[-1] = rng.standard_normal((UNITS, 1))
    dhs /= np.linalg.norm(dhs)
    trace = solution(8).lstm_forward(xs, zeros, zeros, params)
    return float(np.linalg.norm(solution(10).lstm_backward(dhs, zeros, xs, trace, params)[1]))


def sigmoid(a: Array) -> Array:
    return (1 + np.tanh(a / 2)) / 2


def norms() -> Iterator[str]:
    """Yield the table of lesson 6, of which lessons 8 and 10 show parts."""
    yield f"{NORM_DRAWS} draws, {STEPS} steps, {INPUTS} inputs, {UNITS} units"
    yield "a tenth, half, nine tenths of the lengths are below"
    rows: list[tuple[str, Callable[[float, int], float], float]]
    rows = [(f"RNN, weights {scale} randn", rnn_norm, scale) for scale in (0.01, 0.25, 0.5, 1.0)]
    rows += [(f"LSTM, forget bias {bias}", lstm_norm, float(bias)) for bias in (0, 1, 3)]
    for name, measure, value in rows:
        found = [measure(value, seed) for seed in range(NORM_DRAWS)]
        yield f"| {name:<24} | " + " | ".join(f"{x:.2g}" for x in np.quantile(found, (0.1, 0.5, 0.9))) + " |"


# --- lessons 5 and 11: what wrong gradients learn all the same ------------------------------------------

DRAWS, SMALL, TRAINING, RATE, SCALE, CUT = 100, 6, 600, 1.0, 0.5, 0.01


class Weights(NamedTuple):
    """An RNN that answers with one sigmoid: (H, 1), (H, H), (H, 1), (1, H), (1, 1)."""

    Wxh: Array
    Whh: Array
    bh: Array
    Why: Array
    by: Array


MISTAKES = (
    "none",
    "Whh not transposed in the message",
    "the message skips Whh altogether",
    "dWhh transposed",
    "messages pile up",
    "dWhh = instead of dWhh +=",
    "the message never added",
    "the message added after the tanh",
    "the bias gradient a mean over the batch",
    f"messages cut off at ±{CUT}",
    "no gradient at all for Whh",
    "tanh's slope missing in the message",
    "the message goes back one step only",
)


def forward(xs: Array, w: Weights) -> Array:
    """Return all states (T + 1, H, N)."""
    hs = [np.zeros((SMALL, xs.shape[2]))]
    for x in xs:
        hs.append(np.tanh(w.Wxh @ x + w.Whh @ hs[-1] + w.bh))
    return np.array(hs)


def backward(dhs: Array, xs: Array, hs: Array, w: Weights, mistake: str) -> tuple[Array, Array, Array]:
    """Return the gradients of Wxh, Whh and bh, with one mistake."""
    dWxh, dWhh, dbh = np.zeros_like(w.Wxh), np.zeros_like(w.Whh), np.zeros_like(w.bh)
    message, length = np.zeros_like(dhs[0]), len(xs)
    for t in reversed(range(length)):
        total = dhs[t] if mistake in (MISTAKES[6], MISTAKES[7]) else dhs[t] + message
        slope = 1 - hs[t + 1] ** 2
        da = total * slope + (message if mistake == MISTAKES[7] else 0)
        if mistake == MISTAKES[12]:  # what arrives is used, and not passed on
            back = w.Whh.T @ (dhs[t] * slope)
        elif mistake == MISTAKES[1]:
            back = w.Whh @ da
        elif mistake == MISTAKES[2]:
            back = da
        elif mistake == MISTAKES[11]:
            back = w.Whh.T @ total
        else:
            back = w.Whh.T @ da
        dWxh += da @ xs[t].T
        dWhh = da @ hs[t].T if mistake == MISTAKES[5] else dWhh + da @ hs[t].T
        dbh += da.mean(axis=1, keepdims=True) if mistake == MISTAKES[8] else da.sum(axis=1, keepdims=True)
        message = message + back if mistake == MISTAKES[4] else back
        if mistake == MISTAKES[9]:
            message = np.clip(message, -CUT, CUT)
    if mistake == MISTAKES[3]:
        dWhh = dWhh.T
    return dWxh, (0 * dWhh if mistake == MISTAKES[10] else dWhh), dbh


def bits(length: int) -> Array:
    """Return all sequences of so many bits, (T, 1, N)."""
    numbers = np.arange(2**length)
    return np.array([[(numbers >> (length - 1 - t)) & 1] for t in range(length)], dtype=float)


def draw(seed: int) -> Weights:
    rng = np.random.default_rng(seed)
    shapes = (SMALL, 1), (SMALL, SMALL), (1, SMALL)
    Wxh, Whh, Why = (SCALE * rng.standard_normal(shape) for shape in shapes)
    return Weights(Wxh, Whh, np.zeros((SMALL, 1)), Why, np.zeros((1, 1)))


def train(xs: Array, labels: Array, seed: int, mistake: str) -> tuple[bool, float]:
    """Train, and return whether every sequence is answered rightly and the loss at the end."""
    w = draw(seed)
    for step in range(TRAINING + 1):
        hs = forward(xs, w)
        y = sigmoid(w.Why @ hs[-1] + w.by)
        if step == TRAINING:
            break
        dy = (y - labels) / xs.shape[2]
        dhs = np.zeros((len(xs), *hs[0].shape))
        dhs[-1] = w.Why.T @ dy
        grads = *backward(dhs, xs, hs, w, mistake), dy @ hs[-1].T, dy.sum(axis=1, keepdims=True)
        w = Weights(*(value - RATE * grad for value, grad in zip(w, grads, strict=True)))
    y = np.clip(y, 1e-12, 1 - 1e-12)
    loss = -np.mean(labels * np.log(y) + (1 - labels) * np.log(1 - y))
    return bool(np.all((y > 0.5) == (labels > 0.5))), float(loss)


def off_by(mistake: str, seed: int) -> float:
    """Return |a - b| / (|a| + |b|) for dWhh, with seven steps and a loss at the last one."""
    rng, w = np.random.default_rng(1000 + seed), draw(seed)
    xs, dhs = rng.standard_normal((7, 1, 4)), np.zeros((7, SMALL, 4))
    dhs[-1] = rng.standard_normal((SMALL, 4))
    hs = forward(xs, w)
    right, wrong = (backward(dhs, xs, hs, w, name)[1] for name in (MISTAKES[0], mistake))
    return float(np.linalg.norm(right - wrong) / (np.linalg.norm(right) + np.linalg.norm(wrong)))


def mistakes() -> Iterator[str]:
    """Yield the table of lesson 5, of which lesson 11 shows parts."""
    yield f"{DRAWS} draws, {SMALL} units, {SCALE} randn, lr {RATE}, {TRAINING} steps"
    yield "mistake | off by (median) | last of two bits, worst loss | first of four bits, median loss"
    two, four = bits(2), bits(4)
    for mistake in MISTAKES:
        off = np.median([off_by(mistake, seed) for seed in range(DRAWS)])
        easy = [train(two, two[-1], seed, mistake) for seed in range(DRAWS)]
        hard = [train(four, four[0], seed, mistake) for seed in range(DRAWS)]
        learnt = [sum(right for right, _ in runs) for runs in (easy, hard)]
        worst, median = max(loss for _, loss in easy), np.median([loss for _, loss in hard])
        yield f"| {mistake:<40} | {off:.2f} | {learnt[0]} {worst:.2g} | {learnt[1]} {median:.2g} |"


if __name__ == "__main__":
    tables = {"norms": norms, "mistakes": mistakes}
    for table in sys.argv[1:] or tables:
        for line in tables[table]():
            print(line, flush=True)
