"""Measures what lessons 6, 9, 10 and 11 say of wrong messages, of paths, of explosions and of bad starts.

    python docs/gradients.py messages    how far off gradients are with one mistake (lessons 9, 10)
    python docs/gradients.py paths       the whole gradient beside the product of forget gates (lesson 10)
    python docs/gradients.py explosion   how long gradients of one large network get (lesson 6)
    python docs/gradients.py starts      how often right code stays at the loss of guessing (lesson 11)

Every draw has a seed of its own, from 0 on. Starts take half a minute, the others seconds.
"""

from __future__ import annotations

import contextlib
import functools
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks.collection import load_reference
from grader.course import open_course

Array = np.ndarray[Any, np.dtype[np.float64]]

ROOT = Path(__file__).resolve().parents[1]
T, H, D, N = 7, 5, 3, 2
DRAWS = 200
SHOWN = "dxs dh0 dc0 dWf dWo".split()


@functools.cache
def solution(number: int) -> Any:
    """Return the reference of an exercise."""
    return load_reference(open_course(ROOT)[f"exercise-{number}"])


def distance(a: Array, b: Array) -> float:
    """Return |a - b| / (|a| + |b|)."""
    return float(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))


# --- lessons 9 and 10: one mistake in the way back -------------------------------------------------------


def without_brackets(dh: Array, dc: Array, *rest: Any) -> tuple[Any, ...]:
    """Take one LSTM step back; what comes from the next cell misses the slopes of f, i and g."""
    x, h_prev, c_prev, c, (f, i, g, o), params = rest
    *_, dparams = solution(9).lstm_step_backward(dh, dc, *rest)
    through_h = dh * o * (1 - np.tanh(c) ** 2)
    daf = dc * c_prev + through_h * c_prev * f * (1 - f)
    dai = dc * g + through_h * g * i * (1 - i)
    daC = dc * i + through_h * i * (1 - g**2)
    dao = dh * np.tanh(c) * o * (1 - o)
    z, sums = np.vstack((h_prev, x)), (daf, dai, daC, dao)
    dz = sum(W.T @ da for W, da in zip(params[:4], sums, strict=True))
    weights = (da @ z.T for da in sums)
    biases = (da.sum(axis=1, keepdims=True) for da in sums)
    return dz[len(h_prev) :], dz[: len(h_prev)], (dc + through_h) * f, type(dparams)(*weights, *biases)


def one_path(dh: Array, dc: Array, *rest: Any, keep: str) -> tuple[Any, ...]:
    """Take one LSTM step back; the cell hears from the next cell only, or from its state only."""
    *_, c, (f, _, _, o), _ = rest
    through_h = dh * o * (1 - np.tanh(c) ** 2)
    dx, dh_prev, _, dparams = solution(9).lstm_step_backward(dh, dc, *rest)
    return dx, dh_prev, (dc if keep == "dc" else through_h) * f, dparams


def way_back(step: Callable[..., Any], *, h: bool = True, c: bool = True) -> Callable[..., dict[str, Array]]:
    """Return a way back through a sequence, made of one step.

    Args:
        step: as exercise 9's.
        h: whether the message about h is handed back.
        c: whether the message about c is.
    """

    def gradients(dhs: Array, xs: Array, trace: Any, params: Any) -> dict[str, Array]:
        hs, cs, gates = trace
        dxs, totals = np.zeros(xs.shape), [np.zeros(p.shape) for p in params]
        dh_next = dc_next = dh_prev = dc_prev = np.zeros(hs[0].shape)
        for t in reversed(range(len(xs))):
            at = solution(9).Gates(*(gate[t] for gate in gates))
            dh = dhs[t] + (dh_next if h else 0)
            dc = dc_next if c else np.zeros(dh.shape)
            dxs[t], dh_prev, dc_prev, parts = step(dh, dc, xs[t], hs[t], cs[t], cs[t + 1], at, params)
            dh_next, dc_next = dh_prev, dc_prev
            totals = [total + part for total, part in zip(totals, parts, strict=True)]
        return {"dxs": dxs, "dh0": dh_prev, "dc0": dc_prev, "dWf": totals[0], "dWo": totals[3]}

    return gradients


RIGHT = way_back(lambda *arguments: solution(9).lstm_step_backward(*arguments))
WRONG = {
    "neither message handed back": way_back(
        lambda *arguments: solution(9).lstm_step_backward(*arguments), h=False, c=False
    ),
    "the brackets, in all three of f, i and g": way_back(without_brackets),
    "dh of the next step": way_back(lambda *arguments: solution(9).lstm_step_backward(*arguments), h=False),
    "dc of the next step": way_back(lambda *arguments: solution(9).lstm_step_backward(*arguments), c=False),
}


def draw(seed: int, T: int = T) -> tuple[Array, Array, Any, Any]:
    """Return gradients of all states, inputs, trace and parameters, all of order 1."""
    rng = np.random.default_rng(seed)
    weights, biases = 0.6 * rng.standard_normal((4, H, H + D)), 0.6 * rng.standard_normal((4, H, 1))
    params = solution(9).LSTMParams(*weights, *biases)
    xs, h0, c0 = rng.standard_normal((T, D, N)), np.tanh(rng.standard_normal((H, N))), rng.normal(size=(H, N))
    trace = solution(8).lstm_forward(xs, h0, c0, solution(8).LSTMParams(*params))
    return rng.standard_normal((T, H, N)), xs, trace, params


def messages() -> Iterator[str]:
    """Yield the medians of how far gradients are off, by mistake."""
    yield f"{DRAWS} draws, T = {T}, H = {H}, D = {D}, N = {N}: {SHOWN}"
    drawn = [draw(seed) for seed in range(DRAWS)]
    right = [RIGHT(*arguments) for arguments in drawn]
    for mistake, wrong in WRONG.items():
        found = [wrong(*arguments) for arguments in drawn]
        cells = [
            np.median([distance(a[name], b[name]) for a, b in zip(right, found, strict=True)])
            for name in SHOWN
        ]
        yield f"| {mistake:<40} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |"
    for keep, lost in (("dh", "path 1, from the next cell"), ("dc", "path 2, from the state")):
        off = []
        for seed in range(DRAWS):
            dhs, xs, (hs, cs, gates), params = draw(seed, 1)
            dc = np.random.default_rng(1000 + seed).standard_normal((H, N))
            at = solution(9).Gates(*(gate[0] for gate in gates))
            arguments = dhs[0], dc, xs[0], hs[0], cs[0], cs[1], at, params
            right_step = solution(9).lstm_step_backward(*arguments)
            off.append(distance(right_step[2], one_path(*arguments, keep=keep)[2]))
        yield f"one step without {lost}: dc_prev is off by {np.median(off):.2f}"


# --- lesson 10: the direct path is not the whole gradient ------------------------------------------------


def jacobian(scale: float, seed: int = 0) -> tuple[Array, Array]:
    """Return the product of ten forget gates (3,) and the derivative of the last cell by the first (3, 3).

    Args:
        scale: of the weights that the state meets; all others are 0.6 times normal numbers.
    """
    rng, units, steps = np.random.default_rng(seed), 3, 10
    weights = 0.6 * rng.standard_normal((4, units, units + D))
    weights[:, :, :units] *= scale / 0.6
    biases = np.zeros((4, units, 1))
    biases[0] = 1
    params = solution(8).LSTMParams(*weights, *biases)
    xs, h0, c0 = (rng.standard_normal(shape) for shape in ((steps, D, 1), (units, 1), (units, 1)))
    trace = solution(8).lstm_forward(xs, np.tanh(h0), c0, params)
    rows = []
    for unit in np.eye(units)[:, :, np.newaxis]:
        zeros = np.zeros((steps, units, 1))
        *_, dc0, _ = solution(10).lstm_backward(zeros, unit, xs, trace, params)
        rows.append(dc0.ravel())
    return trace.gates.f.prod(axis=0).ravel(), np.array(rows)


def paths() -> Iterator[str]:
    """Yield both, with and without weights that the state meets."""
    for scale in (0.0, 0.6):
        product, matrix = jacobian(scale)
        yield f"weights of {scale} for the state: product {product.round(4)}"
        yield from (f"    {row.round(4)}" for row in matrix)
        yield f"    largest difference from the diagonal matrix {np.abs(matrix - np.diag(product)).max():.0e}"


# --- lesson 6: explosions --------------------------------------------------------------------------------


def explosion() -> Iterator[str]:
    """Yield how long all gradients together are, over 300 sequences of fifty steps and one network."""
    lengths = exploded()
    yield f"smallest {lengths[0]:.1f}, median {np.median(lengths):.0f}, largest {lengths[-1]:.1e}"


def exploded() -> Array:
    """Return the lengths (300,), sorted; 16 units, 3 inputs, weights 1.0 randn, a loss at the last step."""
    rng, units, steps = np.random.default_rng(0), 16, 50
    params = solution(5).RNNParams(
        rng.standard_normal((units, 3)), rng.standard_normal((units, units)), np.zeros((units, 1))
    )
    lengths = []
    for _ in range(300):
        xs, dhs = rng.standard_normal((steps, 3, 1)), np.zeros((steps, units, 1))
        dhs[-1] = rng.standard_normal((units, 1))
        dhs[-1] /= np.linalg.norm(dhs[-1])
        hs = solution(2).rnn_forward(xs, np.zeros((units, 1)), solution(2).RNNParams(*params))
        *_, grads = solution(5).rnn_backward(dhs, xs, hs, params)
        lengths.append(np.sqrt(sum(np.sum(grad**2) for grad in grads)))
    return np.sort(lengths)


# --- lesson 11: bad starts -------------------------------------------------------------------------------


def stuck(scale: float, draws: int, bits: int = 4) -> tuple[int, int]:
    """Return how many of so many starts end above a loss of 0.68, and how many answer all rightly.

    Args:
        bits: of the sequences; the label is the first of four, or the last of two.
    """
    numbers = np.arange(2**bits)
    xs = np.array([(numbers >> bit) & 1 for bit in range(bits)], dtype=float)[:, np.newaxis]
    targets, above, solved = xs[0 if bits == 4 else -1, 0].astype(int), 0, 0
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        shapes = (6, 1), (6, 6), (6, 1), (1, 6), (1, 1)
        *params, Why, by = (scale * rng.standard_normal(shape) for shape in shapes)
        start = solution(11).RNNParams(*params), Why, by
        with contextlib.redirect_stdout(io.StringIO()):
            *trained, losses = solution(11).train_toy(xs, targets, *start, 1.0, 600)
        y, _ = solution(2).rnn_predict(xs, *trained)
        above += losses[-1] > 0.68
        solved += bool(((y > 0) == targets).all())
    return above, solved


def starts() -> Iterator[str]:
    """Yield how many starts are stuck, from weights 0.5 randn and from the chapter's."""
    yield "weights 0.5 randn, first of four bits: {} of 300 stuck, {} solved".format(*stuck(0.5, 300))
    yield "weights 0.01 randn, first of four bits: {} of 20 stuck, {} solved".format(*stuck(0.01, 20))
    yield "weights 0.01 randn, last of two bits: {} of 20 stuck, {} solved".format(*stuck(0.01, 20, bits=2))


MEASURES = {"messages": messages, "paths": paths, "explosion": explosion, "starts": starts}


if __name__ == "__main__":
    for chosen in sys.argv[1:] or MEASURES:
        print(*MEASURES[chosen](), sep="\n")
