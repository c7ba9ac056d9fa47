"""Measures what the tables of lessons 5, 6, 8, 10, 11 and 15 to 17 say of random and of trained networks.

    python docs/measurements.py norms       how long a gradient is after fifty steps back (lessons 6, 8, 10)
    python docs/measurements.py mistakes    what wrong gradients learn all the same (lessons 5, 11)
    python docs/measurements.py rates       four learning rates (lesson 11)
    python docs/measurements.py adding      which networks learn the adding problem (lesson 11)
    python docs/measurements.py lengths     which state answers for a padded sequence (lesson 15)
    python docs/measurements.py truncation  how much of a gradient the last steps hold (lesson 16)
    python docs/measurements.py echo        what chunks of several lengths can learn (lesson 16)
    python docs/measurements.py letters     a character model of a book while it learns (lesson 17)

Every network is drawn from a seed of its own, 0 to one less than the number of draws. Mistakes,
adding and letters take some minutes, the others seconds.
"""

from __future__ import annotations

import contextlib
import functools
import io
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


def rates() -> Iterator[str]:
    """Yield losses of the harder task from the weights of seed 0, by learning rate: first, 100th, last."""
    xs = bits(4)
    for rate in (0.01, 0.1, 1.0, 20.0):
        params, output = draw(0)[:3], draw(0)[3:]
        start = solution(11).RNNParams(*params), *output
        with contextlib.redirect_stdout(io.StringIO()):
            *_, losses = solution(11).train_toy(xs, xs[0, 0].astype(int), *start, rate, TRAINING)
        yield f"| {rate:<5} | " + " | ".join(f"{losses[step]:.4f}" for step in (0, 100, -1)) + " |"


# --- lesson 11: which networks learn the adding problem -------------------------------------------------

LENGTH, BATCH, CELLS, ADDING_STEPS, ADDING_DRAWS = 40, 32, 12, 400, 10
ADAM_RATE, MAX_NORM, SOLVED, WINDOW, FRESH = 0.02, 1.0, 0.03, 20, 1000
BACKWARDS = (
    "the right gradient",
    "no message about h from step to step",
    "gradient of f takes c_t, not c_{t-1}",
    "message about c not multiplied by f",
    "no message about c from step to step",
)


def additions(rng: np.random.Generator, *shape: int) -> tuple[Array, Array]:
    """Return inputs (LENGTH, 2, *shape), numbers and marks, and the sums (shape) of what is marked."""
    numbers, marks = rng.uniform(size=(LENGTH, *shape)), np.zeros((LENGTH, *shape))
    for half in ((0, LENGTH // 2), (LENGTH // 2, LENGTH)):
        np.put_along_axis(marks, rng.integers(*half, (1, *shape)), 1, axis=0)
    return np.stack([numbers, marks], axis=1), (numbers * marks).sum(axis=0)


def start(kind: str, rng: np.random.Generator) -> tuple[Any, Array, Array]:
    """Return the parameters that a network begins with, and those of its output layer."""

    def uniform(*shape: int) -> Array:
        return rng.uniform(-(CELLS**-0.5), CELLS**-0.5, shape)

    zeros = np.zeros((CELLS, 1))
    if kind == "RNN":
        params = solution(11).RNNParams(uniform(CELLS, 2), uniform(CELLS, CELLS), zeros)
    else:
        spread = np.log(rng.uniform(1, LENGTH - 1, (CELLS, 1)))
        bf, bi = (spread, -spread) if kind == "LSTM, bf = log U" else (zeros + float(kind[-1]), zeros)
        params = solution(11).LSTMParams(*(uniform(CELLS, CELLS + 2) for _ in range(4)), bf, bi, zeros, zeros)
    return params, uniform(1, CELLS), np.zeros((1, 1))


def lstm_gradients(dh: Array, xs: Array, trace: Any, params: Any, mistake: str) -> Any:
    """Go back from the last h with one of ``BACKWARDS``, by the step of exercise 9."""
    dc, total = np.zeros_like(dh), [np.zeros_like(one) for one in params]
    for t in reversed(range(len(xs))):
        gates = type(trace.gates)(*(gate[t] for gate in trace.gates))
        before = trace.cs[t + 1 if mistake == BACKWARDS[2] else t]
        step = (dh, dc, xs[t], trace.hs[t], before, trace.cs[t + 1], gates, params)
        _, dh, dc, grads = solution(9).lstm_step_backward(*step)
        dh = 0 * dh if mistake == BACKWARDS[1] else dh
        if mistake in BACKWARDS[3:]:
            dc = dc / gates.f if mistake == BACKWARDS[3] else 0 * dc
        total = [one + grad for one, grad in zip(total, grads, strict=True)]
    return total


def answer(xs: Array, params: Any, Wy: Array, by: Array) -> tuple[Any, Array, Array]:
    """Return what the way back needs (states or trace), the last state, and the answers (1, N)."""
    zeros = np.zeros((CELLS, xs.shape[2]))
    if hasattr(params, "bf"):
        trace = solution(8).lstm_forward(xs, zeros, zeros, params)
        h = trace.hs[-1]
    else:
        trace = solution(2).rnn_forward(xs, zeros, params)
        h = trace[-1]
    return trace, h, solution(2).output_forward(h, Wy, by)


def adds(kind: str, seed: int, mistake: str = BACKWARDS[0]) -> tuple[int | None, float]:
    """Train one network; return after which step it had solved the problem, and its error on fresh sums."""
    rng, training = np.random.default_rng(seed), solution(11)
    params, *weights = start(kind, rng)
    output = training.OutputParams(*weights)
    state, output_state = training.adam_start(params), training.adam_start(output)
    losses: list[float] = []
    for _ in range(ADDING_STEPS):
        xs, targets = additions(rng, BATCH)
        trace, h, y = answer(xs, params, *output)
        losses.append(float(np.mean((y - targets) ** 2)))
        dh, *output_grads = solution(4).output_backward(2 * (y - targets) / BATCH, h, output.W)
        if hasattr(params, "bf"):
            grads = lstm_gradients(dh, xs, trace, params, mistake)
        else:
            dhs = np.zeros((LENGTH, *dh.shape))
            dhs[-1] = dh
            grads = solution(5).rnn_backward(dhs, xs, trace, params)[2]
        scale = min(1.0, MAX_NORM / np.sqrt(sum(np.sum(g**2) for g in (*grads, *output_grads))))
        scaled, output_scaled = ([scale * g for g in some] for some in (grads, output_grads))
        params, state = training.adam_step(params, scaled, state, ADAM_RATE)
        output, output_state = training.adam_step(output, output_scaled, output_state, ADAM_RATE)
    means = np.convolve(losses, np.full(WINDOW, 1 / WINDOW), "valid")
    solved = next((step + WINDOW for step, mean in enumerate(means) if mean < SOLVED), None)
    xs, targets = additions(rng, FRESH)
    return solved, float(np.mean((answer(xs, params, *output)[2] - targets) ** 2))


def adding() -> Iterator[str]:
    """Yield which networks solve the problem, and which wrong gradients do."""
    yield f"{ADDING_DRAWS} draws, {CELLS} units, {LENGTH} long, {ADDING_STEPS} steps, Adam {ADAM_RATE}"
    yield "network or mistake | solved after steps, sorted | errors on fresh sequences, sorted"
    rows = [(kind, BACKWARDS[0]) for kind in ("LSTM, bf = log U", "LSTM, bf = 1", "LSTM, bf = 0", "RNN")]
    for kind, mistake in rows + [(rows[0][0], mistake) for mistake in BACKWARDS[1:]]:
        found = [adds(kind, seed, mistake) for seed in range(ADDING_DRAWS)]
        steps = " ".join(str(step) for step in sorted(step for step, _ in found if step))
        errors = " ".join(f"{error:.4f}" for error in sorted(error for _, error in found))
        yield f"| {kind if mistake == BACKWARDS[0] else mistake} | {steps} | {errors} |"


# --- lesson 15: which state answers for a padded sequence -----------------------------------------------

LONGEST, PADDED_DRAWS, PADDED_STEPS, PADDED_BATCH, PADDED_UNITS, PADDED_RATE = 20, 10, 600, 32, 8, 0.01


def padded(rng: np.random.Generator, count: int) -> tuple[Array, Any, Any]:
    """Return sequences of 2 to 20 inputs of -1 or 1, their lengths, and whether the last two are equal."""
    lengths = rng.integers(2, LONGEST + 1, count)
    real = solution(15).step_mask(lengths, LONGEST)
    xs = np.where(real == 1, rng.choice([-1.0, 1.0], (LONGEST, count)), 0.0)
    columns = np.arange(count)
    equal = xs[lengths - 1, columns] == xs[lengths - 2, columns]
    return xs[:, np.newaxis], lengths, equal.astype(int)


def reads(last_real: bool, seed: int) -> float:
    """Train on the last real states, or on those after all padding; return the share of right answers."""
    lesson, training, losses = solution(15), solution(11), solution(4)
    rng, bound = np.random.default_rng(seed), PADDED_UNITS**-0.5
    shapes = (PADDED_UNITS, 1), (PADDED_UNITS, PADDED_UNITS), (PADDED_UNITS, 1), (1, PADDED_UNITS)
    *arrays, W = (rng.uniform(-bound, bound, shape) for shape in shapes)
    params, output = lesson.RNNParams(*arrays), training.OutputParams(W, np.zeros((1, 1)))
    state, output_state = training.adam_start(params), training.adam_start(output)
    for step in range(PADDED_STEPS + 1):
        xs, lengths, equal = padded(rng, PADDED_BATCH if step < PADDED_STEPS else FRESH)
        read = lengths if last_real else np.full_like(lengths, LONGEST)
        hs = solution(2).rnn_forward(xs, np.zeros((PADDED_UNITS, len(equal))), params)
        h = lesson.last_states(hs, read)
        y = output.W @ h + output.b
        if step == PADDED_STEPS:
            break
        dh, *grads = losses.output_backward(losses.binary_cross_entropy(y, equal)[1], h, output.W)
        dhs = lesson.last_states_backward(dh, read, LONGEST)
        dparams = solution(5).rnn_backward(dhs, xs, hs, params)[2]
        params, state = training.adam_step(params, dparams, state, PADDED_RATE)
        output, output_state = training.adam_step(output, grads, output_state, PADDED_RATE)
    return float(np.mean((y[0] > 0) == (equal == 1)))


def lengths() -> Iterator[str]:
    """Yield the shares of fresh sequences that are answered rightly, sorted."""
    yield f"{PADDED_DRAWS} draws, {PADDED_UNITS} units, {PADDED_STEPS} steps, Adam {PADDED_RATE}"
    for name, last_real in (("last real state", True), ("state after all padding", False)):
        found = sorted(reads(last_real, seed) for seed in range(PADDED_DRAWS))
        yield f"| {name} | {np.median(found):.2f} | " + " ".join(f"{share:.2f}" for share in found) + " |"


# --- lesson 16: what truncation leaves out ---------------------------------------------------------------

KEPT = (1, 2, 5, 10, 25)
ECHO_LAG, ECHO_UNITS, ECHO_BATCH, ECHO_UPDATES, ECHO_RATE, ECHO_DRAWS = 6, 16, 16, 1500, 0.005, 10


def missing(scale: float, seed: int) -> Array:
    """Return the missing shares (STEPS,) of the gradient of Whh in an RNN with weights of this size."""
    rng = np.random.default_rng(seed)
    Wxh, Whh = scale * rng.standard_normal((UNITS, INPUTS)), scale * rng.standard_normal((UNITS, UNITS))
    params = solution(2).RNNParams(Wxh, Whh, np.zeros((UNITS, 1)))
    hs = solution(2).rnn_forward(rng.standard_normal((STEPS, INPUTS, 1)), np.zeros((UNITS, 1)), params)
    parts = solution(16).lag_gradients(rng.standard_normal((UNITS, 1)), hs, params)
    return np.asarray(solution(16).missing_share(parts))


def truncation() -> Iterator[str]:
    """Yield the median and the range of nine tenths of the missing share, by weights and steps kept."""
    yield f"{NORM_DRAWS} draws, {STEPS} steps, {INPUTS} inputs, {UNITS} units; kept: {KEPT}"
    for scale in (0.1, 0.25, 0.5):
        found = np.array([missing(scale, seed) for seed in range(NORM_DRAWS)])[:, np.array(KEPT) - 1]
        low, middle, high = np.quantile(found, (0.1, 0.5, 0.9), axis=0)
        cells = (f"{b:.2g} ({a:.1g} to {c:.1g})" for a, b, c in zip(low, middle, high, strict=True))
        yield f"| {scale} randn | " + " | ".join(cells) + " |"


def echoes(length: int, seed: int, *, carry: bool = True) -> float:
    """Train in chunks to repeat the input of six steps ago; return the share of right signs afterwards."""
    sequence, losses, training = solution(2), solution(4), solution(11)
    rng, bound = np.random.default_rng(seed), ECHO_UNITS**-0.5
    shapes = (ECHO_UNITS, 1), (ECHO_UNITS, ECHO_UNITS), (ECHO_UNITS, 1), (1, ECHO_UNITS), (1, 1)
    *arrays, W, b = (rng.uniform(-bound, bound, shape) for shape in shapes)
    params, output = sequence.RNNParams(*arrays), training.OutputParams(W, b)
    state, output_state = training.adam_start(params), training.adam_start(output)
    h, past = np.zeros((ECHO_UNITS, ECHO_BATCH)), rng.choice([-1.0, 1.0], (ECHO_LAG, 1, ECHO_BATCH))
    for _ in range(ECHO_UPDATES):
        stream = np.concatenate([past, rng.choice([-1.0, 1.0], (length, 1, ECHO_BATCH))])
        xs, targets, past = stream[ECHO_LAG:], stream[:-ECHO_LAG], stream[-ECHO_LAG:]
        hs = sequence.rnn_forward(xs, h, params)
        dhs, grads = np.zeros_like(hs[1:]), [np.zeros_like(W), np.zeros_like(b)]
        for t in range(length):
            dy = 2 * (output.W @ hs[t + 1] + output.b - targets[t]) / (length * ECHO_BATCH)
            dhs[t], *parts = losses.output_backward(dy, hs[t + 1], output.W)
            grads = [one + part for one, part in zip(grads, parts, strict=True)]
        dparams = solution(16).backward_in_chunks(dhs, xs, hs, params, length)
        params, state = training.adam_step(params, dparams, state, ECHO_RATE)
        output, output_state = training.adam_step(output, grads, output_state, ECHO_RATE)
        h = hs[-1] if carry else np.zeros_like(h)
    xs = rng.choice([-1.0, 1.0], (FRESH, 1, 1))
    hs = solution(16).forward_in_chunks(xs, np.zeros((ECHO_UNITS, 1)), params, length)
    said = (output.W @ hs[1 + ECHO_LAG :] + output.b)[:, 0, 0]
    return float(np.mean((said > 0) == (xs[:-ECHO_LAG, 0, 0] > 0)))


def echo() -> Iterator[str]:
    """Yield the share of inputs that are repeated rightly, by the length of the chunks."""
    yield f"{ECHO_DRAWS} draws, {ECHO_UNITS} units, {ECHO_UPDATES} updates, Adam {ECHO_RATE}, lag {ECHO_LAG}"
    for length in (1, 3, 6, 7, 12):
        found = sorted(echoes(length, seed) for seed in range(ECHO_DRAWS))
        yield f"| {length} | {np.median(found):.2f} | {found[0]:.2f} | {found[-1]:.2f} |"


# --- lesson 17: a character model of a book while it learns ---------------------------------------------

BOOK_UNITS, BOOK_BATCH, BOOK_STEPS, BOOK_RATE, BOOK_NORM, BOOK_DRAWS = 64, 32, 25, 0.01, 5.0, 5
BOOK_PASSES, WRITTEN = (1, 2, 4, 8, 16, 24), 70


def book() -> tuple[str, Array, Array]:
    """Return the vocabulary, the first nine tenths of the text as numbers, and the held-out rest."""
    lines = (ROOT / "exercises" / "exercise-17" / "alice.txt").read_text(encoding="utf-8")
    text = " ".join(lines.split())
    symbols = solution(17).vocabulary(text)
    ids = solution(17).encode(text, symbols)
    end = len(ids) * 9 // 10
    return symbols, ids[:end], ids[end:]


def blank_model(seed: int, V: int) -> Any:
    """Draw a model: weights between -1/sqrt(H) and 1/sqrt(H), forget bias 1."""
    rng, bound, lesson = np.random.default_rng(seed), BOOK_UNITS**-0.5, solution(17)
    weights = [rng.uniform(-bound, bound, (BOOK_UNITS, BOOK_UNITS + V)) for _ in range(4)]
    zeros = np.zeros((BOOK_UNITS, 1))
    output = lesson.OutputParams(rng.uniform(-bound, bound, (V, BOOK_UNITS)), np.zeros((V, 1)))
    return lesson.Model(lesson.LSTMParams(*weights, zeros + 1, zeros, zeros, zeros), output)


def counting(ids: Array, held_out: Array, V: int) -> tuple[float, float]:
    """Return the held-out perplexities of counting letters, and pairs of letters; every count is one more."""
    singles, pairs = np.ones(V), np.ones((V, V))
    np.add.at(singles, ids, 1)
    np.add.at(pairs, (ids[:-1], ids[1:]), 1)
    alone = np.log(singles / singles.sum())[held_out[1:]]
    after = np.log(pairs / pairs.sum(axis=1, keepdims=True))[held_out[:-1], held_out[1:]]
    return float(np.exp(-alone.mean())), float(np.exp(-after.mean()))


def letters() -> Iterator[str]:
    """Yield perplexities on training and held-out text by passes, and what the model of seed 0 writes."""
    lesson, (symbols, ids, held_out) = solution(17), book()
    V = len(symbols)
    yield f"{V} symbols, {len(ids)} to learn from, {len(held_out)} held out; {BOOK_UNITS} units"
    yield "counting letters {:.2f}, pairs {:.2f}".format(*counting(ids, held_out, V))
    inputs, targets = lesson.batches(ids, BOOK_BATCH, BOOK_STEPS)
    found: dict[int, list[tuple[float, float]]] = {passes: [] for passes in BOOK_PASSES}
    for seed in range(BOOK_DRAWS):
        model = blank_model(seed, V)
        done = 0
        for passes in BOOK_PASSES:  # Adam begins anew at each of them
            model, _ = lesson.train(inputs, targets, model, passes - done, BOOK_RATE, BOOK_NORM)
            done = passes
            known = lesson.perplexity(ids[: len(held_out)], model)
            found[passes].append((known, lesson.perplexity(held_out, model)))
            if seed == 0:
                chance = np.random.default_rng(0).random(WRITTEN)
                prompt = lesson.encode("alice ", symbols)
                written = lesson.sample(prompt, WRITTEN, model, chance, 0.7)
                yield f"{passes:2} alice {lesson.decode(written, symbols)}"
    for passes, pairs in found.items():
        low, middle, high = np.quantile(np.array(pairs), (0, 0.5, 1), axis=0)
        cells = (f"{b:.2f} ({a:.2f} to {c:.2f})" for a, b, c in zip(low, middle, high, strict=True))
        yield f"| {passes} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    tables = {
        "norms": norms,
        "mistakes": mistakes,
        "rates": rates,
        "adding": adding,
        "lengths": lengths,
        "truncation": truncation,
        "echo": echo,
        "letters": letters,
    }
    for table in sys.argv[1:] or tables:
        for line in tables[table]():
            print(line, flush=True)
