"""Every key of every quiz, found a second time on a path that does not use it.

Numbers and shapes are found by doing what the question describes: arrays are made, networks are run, slopes
are taken by a complex step, cases are counted. Code is run. What to tick, to match and to put in order is
tried out where it can be; what rests on an argument or on a source has it beside it, in ``ARGUED``.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.course import open_course
from grader.quiz.files import load_quiz, quiz_paths
from grader.quiz.formula import FormulaError
from grader.quiz.questions.base import Question, make_variant

DRAWS = 6
STEP = 1e-30  # of the complex step: a derivative to all digits


def questions() -> dict[str, Any]:
    found: dict[str, Question] = {}
    for path in quiz_paths(open_course()):
        quiz = load_quiz(path)
        found.update({f"{quiz.id}/{one.id}": one for one in quiz.file.questions})
    return found


QUESTIONS = questions()
P = SimpleNamespace


def slope(function: Callable[[Any], Any], at: float) -> float:
    """The derivative at a place, by a complex step."""
    return float(np.imag(function(complex(at, STEP))) / STEP)


def squash(z: Any) -> Any:
    """The sigmoid, by tanh."""
    return (1 + np.tanh(np.asarray(z) / 2)) / 2


def layer_sizes(*arrays: tuple[int, ...]) -> int:
    return sum(np.zeros(shape).size for shape in arrays)


def lstm_sizes(inputs: int, units: int, biases: int = 1) -> int:
    """The numbers in the four blocks of an LSTM layer, counted in arrays."""
    return layer_sizes(*[(units, units), (units, inputs), *[(units,)] * biases] * 4)


def lstm_step(c: float, f: float = 1, i: float = 1, g: float = 0, o: float = 1) -> tuple[float, float]:
    """One step of a cell of one unit from given gates."""
    new = sum(gate * part for gate, part in ((f, c), (i, g)))
    return new, o * math.tanh(new)


def cross_entropy(logits: np.ndarray, right: int) -> Any:
    """The loss of one column, by the logarithm of a sum of exponentials."""
    top = np.max(logits.real)
    return np.log(np.exp(logits - top).sum()) + top - logits[right]


def partial(function: Callable[[np.ndarray], Any], at: np.ndarray, k: int) -> float:
    bent = at.astype(complex)
    bent[k] += 1j * STEP
    return float(np.imag(function(bent)) / STEP)


def unit_rnn(w: Any, a: Any, inputs: list[float], h: Any = 0.0, b: Any = 0.0, bend: Any = np.tanh) -> Any:
    """The last state of a network of one unit."""
    for x in inputs:
        h = bend(a * x + w * h + b)
    return h


def adam_lengths(grads: list[float], beta1: float, beta2: float, corrected: bool = True) -> list[float]:
    """The steps of Adam in learning rates, downwards; the means are sums over all gradients so far."""
    steps = []
    for t in range(1, len(grads) + 1):
        share1 = np.array([(1 - beta1) * beta1 ** (t - 1 - s) for s in range(t)])
        share2 = np.array([(1 - beta2) * beta2 ** (t - 1 - s) for s in range(t)])
        past = np.array(grads[:t])
        m, v = share1 @ past, share2 @ past**2
        if corrected:
            m, v = m / share1.sum(), v / share2.sum()
        steps.append(float(m / np.sqrt(v)))
    return steps


def first_step(holds: Callable[[int], bool]) -> int:
    return next(n for n in itertools.count(1) if holds(n))


def two_outputs(p: Any) -> float:
    """The gradient at a hidden unit that feeds two outputs, whose losses have given slopes there."""
    return slope(lambda h: p.p * (p.a * h) + p.q * (p.b * h), 0.3)


def convolved(p: Any) -> tuple[int, ...]:
    """The shape of what a convolution makes, by walking the filter over the padded picture."""

    def places(size: int) -> int:
        padded = size + 2 * p.P
        return sum(1 for start in range(0, padded, p.R) if start + p.K <= padded)

    return (p.F, places(p.A), places(p.B))


def kmeans_second(p: Any) -> float:
    numbers = np.array([0.0, p.b, p.c, p.d])
    nearest = np.abs(numbers[:, None] - np.array([0.0, p.b])).argmin(axis=1)
    return float(numbers[nearest == 1].mean())


def masked_mean(p: Any) -> float:
    losses = np.zeros((2, p.b))
    mask = np.array([[t < p.a for t in range(p.b)], [True] * p.b])
    losses[0, : p.a], losses[1] = p.p, p.q
    return float(losses[mask].mean())


def in_one_chunk(p: Any) -> float:
    text = range(1000 * p.k)
    return sum(t // p.k == (t + p.d) // p.k for t in text) / len(text)


def gru(p: Any) -> float:
    reset, update = squash(0), squash(p.s)
    return float(update * p.h + (1 - update) * np.tanh(p.a + p.w * (reset * p.h)))


def onnx_row(p: Any) -> int:
    rows = [(block, unit) for block in "fico" for unit in range(p.H)]  # i: input gate, c: candidate
    onnx = [(block, unit) for block in "iofc" for unit in range(p.H)]
    return onnx.index(rows[p.j])


def spectral(matrix: Any) -> float:
    """The largest singular value, as the root of the largest eigenvalue of the square."""
    W = np.array(matrix)
    return float(np.sqrt(np.linalg.eigvalsh(W.T @ W).max()))


def central_off(h: float) -> float:
    return abs((math.exp(h) - math.exp(-h)) / (2 * h) - 1)


def saved_from(kept: float, share: float) -> float:
    """The bias at which a forget gate keeps a share, by halving an interval."""
    low, high = -20.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if squash(middle) ** kept < share else (low, middle)
    return low


def batch_norm(p: Any) -> float:
    values = np.array([p.a, p.b, p.c], float)
    centred = values - sum(values) / 3
    return float(p.g * centred[2] / math.sqrt(centred @ centred / 3) + p.s)


def clipped(p: Any) -> float:
    grads = np.array([p.a, p.b], float)
    return float((grads / np.hypot(*grads) * p.m)[0])


def output_gate(p: Any) -> float:
    inside = math.log(p.o / (1 - p.o))
    return p.d * slope(lambda s: squash(s) * np.tanh(p.c), inside)


def missing_slope(p: Any) -> float:
    """What the slope is, over what the student wrote; the target and x cancel."""
    w, x, t = p.s / 1.7, 1.7, 0.123
    truth = slope(lambda w: 0.5 * (p.v * np.tanh(w * x) - t) ** 2, w)
    return float(truth / ((p.v * np.tanh(w * x) - t) * p.v * x))


def temperature_slope(p: Any) -> float:
    """Logits whose tempered softmax gives p to the right class, and the slope of their loss by the first."""
    logits = p.t * np.array([math.log(p.p / (1 - p.p)), 0.0])
    return partial(lambda z: cross_entropy(z / p.t, 0), logits, 0)


def batch_slope(p: Any) -> float:
    logits = np.array([math.log(p.p / (1 - p.p)), 0.0])
    return partial(lambda z: cross_entropy(z, 0) / p.N, logits, 0)


def long_sum_lost(p: Any) -> float:
    shares = [p.s**k for k in range(3000)]
    return sum(shares[p.k :]) / sum(shares)


def diverges(k: float, rate: float) -> bool:
    w = 1.0
    return abs(w - rate * k * w) > abs(w)


def largest_rate(p: Any) -> float:
    return next(rate for rate in np.arange(0.001, 10, 0.001) if diverges(p.k, float(rate)))


def batch_spread(p: Any) -> float:
    """The scatter of a mean of n batches, from the variance of a sum of independent numbers."""
    return math.sqrt(sum((p.s / p.n) ** 2 for _ in range(p.n)))


def products(p: Any) -> float:
    step = p.N * (p.H * p.D + p.H * p.H)  # each entry of Wxh and of Whh once a column
    return float(sum(step for _ in range(p.T)) / 1e6)


def signed_parts(p: Any) -> float:
    """What the weight of the last step misses, as a share; each step has a factor of its own."""
    uses = np.array([p.a, -p.b, p.c])
    total = slope(lambda w: (uses * w).sum(), 1.0)
    return abs(total - slope(lambda w: uses[0] * w, 1.0)) / abs(total)


def unread(p: Any) -> int:
    """The inputs that no chunk of no stretch holds, by laying the text out."""
    seen: set[int] = set()
    longest = max(length for length in range(p.M) if length * p.N < p.M)
    for n in range(p.N):
        place = n * longest
        while place + p.T <= (n + 1) * longest:
            seen.update(range(place, place + p.T))
            place += p.T
    return len(set(range(p.M - 1)) - seen)


def differences_cost(p: Any) -> float:
    return sum(2 for _ in range(layer_sizes((p.H, p.D), (p.H, p.H), (p.H, 1)))) * p.f / 1000


NUMBERS: dict[str, Callable[[Any], float]] = {
    "deep-learning-faq/nn-parameters": lambda p: layer_sizes((p.H, p.D), (p.H,), (p.O, p.H), (p.O,)),
    "deep-learning-faq/conv-parameters": lambda p: layer_sizes((p.F, p.C, p.K, p.K), (p.F,)),
    "deep-learning-faq/lstm-forget-bias": lambda p: math.prod([float(squash(p.b))] * p.k),
    "deep-learning-faq/gan-best-discriminator": lambda p: float(
        max(np.linspace(1e-4, 1 - 1e-4, 9999), key=lambda d: p.p * math.log(d) + p.q * math.log(1 - d))
    ),
    "deep-learning-faq/l2-step": lambda p: p.w - p.eta * slope(lambda w: p.g * w + p.lam / 2 * w**2, p.w),
    "deep-learning-faq/act-sigmoid-slope": lambda p: slope(lambda x: 1 / (1 + np.exp(-x)), p.x),
    "deep-learning-faq/lay-grid-search": lambda p: len(
        list(itertools.product(range(p.a), range(p.b), range(p.k)))
    ),
    "deep-learning-faq/lay-twice-as-wide": lambda p: layer_sizes(
        (2 * p.H, p.D), (2 * p.H, 2 * p.H), (1, 2 * p.H)
    ),
    "deep-learning-faq/bn-third-value": batch_norm,
    # what a unit hands on is as much on average as it would be without dropout
    "deep-learning-faq/drop-survivor": lambda p: float(Fraction(str(p.a)) / (1 - Fraction(str(p.p)))),
    "deep-learning-faq/drop-in-rnn": lambda p: sum(
        math.prod(p.p if lost else 1 - p.p for lost in fate)
        for fate in itertools.product((True, False), repeat=p.k)
        if not any(fate)
    ),
    "deep-learning-faq/sup-kmeans-step": kmeans_second,
    "gates/extreme-gates": lambda p: lstm_step(p.c, g=p.g, o=0)[0],
    "gates/half-open": lambda p: next(
        itertools.islice(iterate(lambda c: lstm_step(c, 0.5, 0.5, math.tanh(0))[0], p.c), p.n, None)
    ),
    "gates/gate-at-zero": lambda p: float(squash(0.0)),
    "gates/shown-state": lambda p: lstm_step(p.c, i=0, o=p.o)[1],
    "gates/bias-for-memory": lambda p: saved_from(1, 1 - 1 / p.T),
    "gates/bias-zero": lambda p: math.prod([float(squash(0))] * p.n),
    "lstm-cell/one-step-by-hand": lambda p: lstm_step(p.c, p.f, p.i, p.g, p.o)[1],
    "lstm-cell/parameter-count": lambda p: lstm_sizes(p.D, p.H),
    "lstm-cell/road-through-h": lambda p: slope(lambda c: p.o * np.tanh(c), p.c),
    "lstm-cell/forget-gate-slope": lambda p: slope(
        lambda s: p.c / (1 + np.exp(-s)), math.log(p.f / (1 - p.f))
    ),
    "lstm-cell/direct-path": lambda p: slope(
        lambda c: next(itertools.islice(iterate(lambda c: p.f * c + 0.3, c), p.n, None)), 0.7
    ),
    "lstm-cell/ninety-nine": lambda p: next(itertools.islice(iterate(lambda c: c - c / 100, 1.0), 100, None)),
    "lstm-cell/half-life": lambda p: -1 / math.log2(squash(p.b)),
    "output-and-loss/softmax-share": lambda p: math.exp(-cross_entropy(np.array([p.a, p.b], float), 1)),
    "output-and-loss/uniform-loss": lambda p: float(cross_entropy(np.full(p.O, 0.4), 0)),
    "output-and-loss/gradient-of-logit": batch_slope,
    "output-and-loss/zero-loss": lambda p: float(
        cross_entropy(np.array([math.log(p.p / (1 - p.p)), 0.0]), 0)
    ),
    "output-and-loss/output-back": two_outputs,
    "rnn-basics/one-unit": lambda p: unit_rnn(p.w, p.a, [1], p.p, p.b),
    "rnn-basics/two-steps": lambda p: unit_rnn(p.w, p.a, [1, 0]),
    "rnn-basics/parameter-count": lambda p: layer_sizes((p.H, p.D), (p.H, p.H), (p.H, 1)),
    "rnn-basics/range-of-state": lambda p: float(np.tanh(1e6)),
    "real-sequences/drifted-gradient": lambda p: slope(lambda a: unit_rnn(p.w, a, [p.x, 0.0]), 1.0),
    # places in a batch of a thousand: the share whose losses of log V make the mean that is shown
    "real-sequences/padding-share": lambda p: (
        min(range(1000), key=lambda pad: abs((1000 - pad) / 1000 * math.log(p.V) - math.log(p.p))) / 1000
    ),
    "real-sequences/average-reach": lambda p: first_step(
        lambda length: sum(range(1, length + 1)) / length >= p.m
    ),
    "real-sequences/window-cost": lambda p: sum(len(range(max(0, t - p.w), t)) for t in range(1, p.T + 1)),
    "real-sequences/signed-parts": signed_parts,
    "real-sequences/unread-symbols": unread,
    "real-sequences/times-more-probable": lambda p: sum(
        math.log10(1 / p.b) - math.log10(1 / p.a) for _ in range(p.n)
    ),
    "several-steps/two-uses": lambda p: slope(lambda w: np.tanh(w * np.tanh(p.a + w * p.h)), p.w),
    "several-steps/missing-factor": missing_slope,
    "several-steps/tempered-gradient": temperature_slope,
    "several-steps/output-gate-sum": output_gate,
    # two powers of ten in n steps, and so on in the same way
    "several-steps/read-decay": lambda p: float(
        np.exp(np.polyval(np.polyfit([0, p.n], np.log([1, 0.01]), 1), p.k))
    ),
    "several-steps/tiny-weights": lambda p: sum(math.log10(0.02 * math.sqrt(p.H)) for _ in range(p.n)),
    "several-steps/cost-of-differences": differences_cost,
    "several-steps/multiplications": products,
    "several-steps/bias-for-share": lambda p: saved_from(p.n, p.s),
    "shapes-and-code/how-far-off": lambda p: float(
        (Fraction(str(p.b)) - Fraction(str(p.a))) / (Fraction(str(p.a)) + Fraction(str(p.b)))
    ),
    "shapes-and-code/parameters-of-the-chapter": lambda p: lstm_sizes(10, 20) + layer_sizes((1, 20), (1, 1)),
    "text-and-gru/perplexity-of-loss": lambda p: math.prod([math.exp(p.S / p.T)] * p.T) ** (1 / p.T),
    # a hundred letters, some of them hard: one over the geometric mean of their probabilities
    "text-and-gru/perplexity-of-mixture": lambda p: (
        1 / math.prod([(1 / p.K) ** (1 / 100) if place < 100 * p.s else 1.0 for place in range(100)])
    ),
    "text-and-gru/perplexity-in-bytes": lambda p: p.n * first_step(lambda bits: 2**bits == p.P) / 8,
    "text-and-gru/temperature-from-odds": lambda p: next(
        t for t in np.arange(0.05, 3, 0.0005) if math.exp((math.log(p.a) - 0) / t) <= p.b
    ),
    "text-and-gru/mask-mean": masked_mean,
    "text-and-gru/chunk-links": in_one_chunk,
    "text-and-gru/chunk-for-memory": lambda p: p.M * 1024 * 1024 // np.zeros((p.H, p.N), np.float32).nbytes,
    "text-and-gru/gru-parameters": lambda p: layer_sizes(*[(p.H, p.D), (p.H, p.H), (p.H,), (p.H,)] * 3),
    "text-and-gru/gru-step": gru,
    "text-and-gru/gru-update-gradient": lambda p: (
        p.d * slope(lambda s: p.p / (1 + np.exp(-s)) + p.g / (1 + np.exp(s)), math.log(p.u / (1 - p.u)))
    ),
    "text-and-gru/gate-row": onnx_row,
    "through-time/one-step-back": lambda p: p.d * slope(lambda h: np.tanh(p.w * h), math.atanh(p.h) / p.w),
    "through-time/last-step-only": lambda p: slope(
        lambda w: unit_rnn(w, 1, [p.x, 1, 0], bend=lambda z: z), p.w
    ),
    "through-time/nonzero-entries": lambda p: int(np.count_nonzero(np.eye(12)[-1])),
    "through-time/memory": lambda p: np.zeros((p.T, p.H, p.N), np.float32).nbytes / 1024 / 1024,
    "through-time/truncated-share": long_sum_lost,
    "training/adam-no-hats": lambda p: adam_lengths([0.7], p.b, p.c, corrected=False)[0],
    "training/adam-second-step": lambda p: adam_lengths([p.a, p.b], 0.9, 0.999)[1],
    "training/adam-alternating": lambda p: abs(adam_lengths([1.0, -1.0] * 200, p.b, 0.9)[-1]),
    "training/adam-memory": lambda p: 2 * np.zeros(lstm_sizes(p.D, p.H), np.float32).nbytes,
    "training/largest-rate": largest_rate,
    "training/batch-noise": batch_spread,
    # on the drawing a quarter is left at epoch n: halve the loss again and again, n/2 epochs each time
    "training/read-half-time": lambda p: p.n / 2 * first_step(lambda halvings: 2**halvings == p.r),
    # the exponential is a smooth loss; how its error falls does not depend on how large it is
    "training/central-error": lambda p: p.c * central_off(0.01 / p.n) / central_off(0.01),
    "training/rounding-floor": lambda p: math.log10(p.L * 1e-16 / 10**-p.k),
    "vanishing-gradients/bound-from-singular-value": lambda p: spectral(p.W) ** p.k,
    "vanishing-gradients/powers": lambda p: math.prod([p.s] * p.k),
    "vanishing-gradients/steps-to-a-thousandth": lambda p: first_step(lambda n: math.prod([p.s] * n) < 1e-3),
    "vanishing-gradients/slope-from-state": lambda p: slope(np.tanh, math.atanh(p.h)),
    "vanishing-gradients/sigmoid-chain": lambda p: math.prod(
        [p.s * max(slope(squash_complex, x) for x in np.linspace(-3, 3, 61))] * p.k
    ),
    "vanishing-gradients/steepest-sigmoid": lambda p: max(
        slope(squash_complex, x) for x in np.linspace(-3, 3, 61)
    ),
    "vanishing-gradients/clip-by-norm": clipped,
    "vanishing-gradients/float-limit": lambda p: first_step(
        lambda n: math.prod([1 / p.p] * n) < float(np.finfo(np.float32).tiny)
    ),
}


def iterate(function: Callable[[Any], Any], value: Any) -> Iterator[Any]:
    while True:
        yield value
        value = function(value)


def squash_complex(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape)


SHAPES: dict[str, Callable[[Any], tuple[int, ...]]] = {
    # the W for which `W @ a` goes from (H, N) to (K, N)
    "deep-learning-faq/nn-weight-shape": lambda p: fits_left((p.H, p.N), (p.K, p.N)),
    "deep-learning-faq/conv-output-shape": convolved,
    "deep-learning-faq/bn-scale-shape": lambda p: zeros(p.N, p.C, p.A, p.B).mean(axis=(0, 2, 3)).shape,
    "lstm-cell/shape-of-block": lambda p: (
        (zeros(p.H, p.N) @ np.vstack((zeros(p.H, p.N), zeros(p.D, p.N))).T).shape
    ),
    "output-and-loss/shape-of-logits": lambda p: (zeros(p.O, p.H) @ zeros(p.T + 1, p.H, p.N)[-1]).shape,
    "rnn-basics/shape-of-states": lambda p: np.stack([zeros(p.H, p.N)] * (1 + p.T)).shape,
    # transposed, `W.T @ rows.T`: rows of H + D numbers become rows of 4 H sums
    "shapes-and-code/gate-matrix": lambda p: fits_left((p.H + p.D, p.B), (4 * p.H, p.B))[::-1],
    "shapes-and-code/outputs-over-time": lambda p: (zeros(p.O, p.H) @ zeros(p.T + 1, p.H, p.N)[1:]).shape,
    "shapes-and-code/bias-gradient-shape": lambda p: zeros(p.H, p.N).sum(axis=1).shape,
    "shapes-and-code/one-sequence": lambda p: (zeros(p.H, p.D) @ zeros(p.T, p.D, 1)[0]).shape,
    "text-and-gru/state-by-length": lambda p: (
        zeros(p.T + 1, p.H, p.N)[np.ones(p.N, int), :, np.arange(p.N)].shape
    ),
    "text-and-gru/batch-first": lambda p: zeros(p.T, p.D, p.N).transpose(2, 0, 1)[:, -1].shape,
    "through-time/dhs-shape": lambda p: zeros(p.T + 1, p.H, p.N)[1:].shape,
}


def fits_left(goes_in: tuple[int, ...], comes_out: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the one matrix that turns the first array into the second when it stands on the left."""
    return (comes_out[0], goes_in[0])


def draws(key: str) -> Iterator[Any]:
    """Different drawn numbers of a question."""
    question, seen = QUESTIONS[key], set()
    for attempt in range(DRAWS):
        with contextlib.suppress(FormulaError):
            variant = make_variant(question.public(), "keys", key, attempt)
            if variant.record() not in seen:
                seen.add(variant.record())
                yield variant


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_is_found_again(key: str) -> None:
    for variant in draws(key):
        low, high = QUESTIONS[key].answer.interval(variant.names)
        found = NUMBERS[key](P(**variant.names))
        middle = (low + high) / 2
        assert low <= found <= high, (variant.prompt, found, middle)
        assert abs(found - middle) <= max(0.5 * (high - middle), 1e-9), (variant.prompt, found, middle)


@pytest.mark.parametrize("key", SHAPES)
def test_a_shape_is_found_again(key: str) -> None:
    question = QUESTIONS[key]
    for variant in draws(key):
        typed = question.read(variant, str(SHAPES[key](P(**variant.names))))
        assert question.mark(variant.names, typed, None).right, variant.prompt


# --- code ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [key for key, one in QUESTIONS.items() if one.type == "output"])
def test_code_prints_what_the_key_says(key: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(QUESTIONS[key].code, {})
    assert printed.getvalue().split() == QUESTIONS[key].answer.split()


def stop_early(losses: list[float], patience: int) -> int:
    """The best epoch before the first run of `patience` epochs without a new best."""
    bests = [epoch for epoch, loss in enumerate(losses) if loss < min(losses[:epoch], default=math.inf)]
    ends = [*bests[1:], len(losses)]
    return next(
        (best + 1 for best, end in zip(bests, ends, strict=True) if end - best - 1 >= patience), bests[-1] + 1
    )


def old_cell(dh: Any, dc: Any, f: Any, o: Any, c: Any) -> Any:
    """The slope of dh * h + dc * c by the old cell, entry by entry, with c = f * c_prev + rest."""
    dh, dc, f, o, c = np.broadcast_arrays(dh, dc, f, o, c)
    bent = c + 1j * STEP * f
    return np.imag(dh * o * np.tanh(bent) + dc * bent) / STEP


def clip_all(grads: list[Any], limit: float) -> list[Any]:
    together = np.concatenate([g.ravel() for g in grads])
    length = math.hypot(*together)
    return [g if length <= limit else g / length * limit for g in grads]


def torch_order(Wf: Any, Wi: Any, WC: Any, Wo: Any, H: int) -> Any:
    return np.array([[*row[H:], *row[:H]] for block in (Wi, Wf, WC, Wo) for row in block])


def travelled(dhs: Any, slopes: Any, Whh: Any) -> Any:
    """The sum over all steps of what each sends, carried back by its own product of Jacobians."""
    total = 0.0
    for t in range(len(dhs)):
        message = dhs[t]
        for k in range(t, -1, -1):
            message = np.einsum("ji,jn->in", Whh, message * slopes[k])
        total = total + message
    return total


def adam_by_sums(p: Any, g: Any, m: Any, v: Any, t: int, lr: float) -> Any:
    """A step of Adam; the weight of the starting zero is what all gradients together leave of 1."""
    share1 = sum(0.1 * 0.9**s for s in range(t))
    share2 = sum(0.001 * 0.999**s for s in range(t))
    root = np.sqrt((0.999 * v + 0.001 * g * g) / share2)
    return p - lr * (0.9 * m + 0.1 * g) / share1 / (root + 1e-8)


FIXES: dict[str, dict[str, Callable[..., Any]]] = {
    "deep-learning-faq/early-stopping-patience": {"best_epoch": stop_early},
    "lstm-cell/fix-double-path": {"back_to_old_cell": old_cell},
    "output-and-loss/fix-softmax": {
        "softmax": lambda y: np.exp([[-cross_entropy(col, k) for col in y.T] for k in range(len(y))])
    },
    "real-sequences/fix-half-masked": {
        "over_real_steps": lambda losses, slopes, mask: [
            np.array(losses[mask == 1].mean()),
            np.where(mask == 1, slopes, 0.0) / np.count_nonzero(mask),
        ]
    },
    "shapes-and-code/stack-three": {"combine": lambda h, xt: np.array([*h[:, 0], *np.ravel(xt)])[:, None]},
    "shapes-and-code/fix-clip": {"clip": clip_all},
    # downhill: the loss whose slope is g everywhere falls by rate * g * g
    "shapes-and-code/fix-sgd": {
        "step": lambda ws, gs, rate: [w + -rate * g for w, g in zip(ws, gs, strict=True)]
    },
    "text-and-gru/gate-order": {"for_torch": torch_order},
    "through-time/fix-accumulate": {"collect": lambda das, states: np.einsum("thn,tdn->hd", das, states)},
    "through-time/fix-message": {"travel": travelled},
    "training/fix-adam-time": {"adam": adam_by_sums},
}


@pytest.mark.parametrize("key", FIXES)
def test_a_mended_line_agrees_with_another_program(key: str) -> None:
    question = QUESTIONS[key]

    def results(code: str) -> list[Any]:
        space: dict[str, Any] = {"np": np}
        exec(code, space)
        found = []
        for test in question.tests:
            try:
                found.append(eval(test, dict(space)))
            except ValueError:
                found.append(None)
        return found

    def same(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return False
        pairs = zip(one, other, strict=True) if isinstance(one, list) else [(one, other)]
        return all(np.shape(a) == np.shape(b) and np.allclose(a, b) for a, b in pairs)

    wanted = [eval(test, {"np": np, **FIXES[key]}) for test in question.tests]
    assert all(map(same, results(question.mended(question.line, question.solution)), wanted))
    assert not all(map(same, results(question.code), wanted)), "as it stands the code is right"


# --- what to tick --------------------------------------------------------------------------------------

rng = np.random.default_rng(5)
D, H, N, T = 2, 3, 2, 4
XS, H0 = rng.normal(size=(T, D, N)), rng.normal(size=(H, N))
RNN = {
    "Wxh": rng.normal(size=(H, D)) * 0.6,
    "Whh": rng.normal(size=(H, H)) * 0.6,
    "bh": rng.normal(size=(H, 1)) * 0.6,
}


def states(xs: Any = XS, h0: Any = H0, params: Any = RNN, bend: Any = np.tanh) -> list[Any]:
    hs = [h0]
    for x in xs:
        hs.append(bend(params["Wxh"] @ x + params["Whh"] @ hs[-1] + params["bh"]))
    return hs


def moves(result: Callable[[Any], Any], array: Any) -> bool:
    """Whether a result depends on an array."""
    return bool(np.abs(np.imag(result(array + 1j * STEP * rng.normal(size=np.shape(array))))).max() > 0)


def ticked(**holds: Any) -> set[str]:
    return {name for name, is_so in holds.items() if is_so}


def padded_in_front() -> set[str]:
    """In which cases two zeros in front of a sequence leave its last state as it is."""

    def same(held: bool = False, **changed: Any) -> bool:
        params = {
            **RNN,
            **{name: 0 * RNN[name] for name, kept in changed.items() if name in RNN and not kept},
        }
        h0 = H0 if changed.get("h0", True) else 0 * H0
        padded = [np.zeros((D, N))] * 2
        start = h0 if held else states(padded, h0, params)[-1]
        return np.allclose(states(XS, start, params)[-1], states(XS, h0, params)[-1])

    return ticked(
        held=same(held=True),
        mean=same(),
        **{
            "all-zero": same(h0=False, bh=False),
            "no-recurrence": same(Whh=False),
            "zero-start": same(h0=False),
            "zero-bias": same(bh=False),
        },
    )


def knows() -> set[str]:
    def third(t: int) -> Callable[[Any], Any]:
        return lambda x: states([x if k == t else XS[k] for k in range(T)])[3]

    return ticked(
        **{f"x{t + 1}": moves(third(t), XS[t]) for t in range(T) if t != 1},
        h0=moves(lambda h: states(h0=h)[3], H0),
    )


def last_loss(xs: Any = XS, h0: Any = H0, params: Any = RNN) -> Any:
    return (states(xs, h0, params)[-1] * [[0.3], [1.0], [-0.7]]).sum()


def remembering() -> set[str]:
    """Labels of four bits that are no function of the last bit."""
    bits = list(itertools.product((0, 1), repeat=4))
    labels: dict[str, Callable[[Any], int]] = {
        "first": lambda b: b[0],
        "parity": lambda b: sum(b) % 2,
        "last": lambda b: b[-1],
        "negated": lambda b: 1 - b[-1],
        "constant": lambda b: 1,
    }
    return {name for name, f in labels.items() if len({(b[-1], f(b)) for b in bits}) > 2}


def seen_by(params: Any, xs: Any = XS, h0: Any = H0) -> bool:
    """Whether the gradient with an untransposed Whh differs from the right one, loss at the last step."""
    hs = states(xs, h0, params)

    def back(matrix: Any) -> Any:
        message, grads = np.ones_like(h0), []
        for t in reversed(range(len(xs))):
            da = message * (1 - hs[t + 1] ** 2)
            grads.append((da @ xs[t].T).ravel())
            message = matrix @ da
        return np.concatenate([*grads, message.ravel()])

    return not np.allclose(back(params["Whh"].T), back(params["Whh"]))


def telling_data() -> set[str]:
    one = {"Wxh": np.ones((1, D)), "Whh": np.full((1, 1), 0.7), "bh": np.zeros((1, 1))}
    return ticked(
        random=seen_by(RNN),
        **{"two-steps": seen_by(RNN, XS[:2])},
        zero=seen_by({name: 0 * array for name, array in RNN.items()}),
        identity=seen_by({**RNN, "Whh": np.eye(H)}),
        **{"one-unit": seen_by(one, XS, H0[:1])},
    )


LINES = {
    "several-steps/two-bugs-cell": {
        1: "z = np.vstack((h_prev, x))",
        4: "g = np.tanh(WC @ z - bC)",
        5: "c = f * c_prev + i * np.tanh(g)",
        6: "o = sigmoid(Wo @ z - bo)",
        7: "h = o * np.tanh(c)",
    },
    "several-steps/two-bugs-backward": {
        2: "for t in reversed(range(T)):",
        4: "    da = dh * (1 - hs[t] ** 2)",
        6: "    dWhh += da @ hs[t].T",
        7: "    dbh = da.sum(axis=1, keepdims=True)",
        8: "    dh_next = Whh @ da",
    },
    "several-steps/two-bugs-loss": {
        1: "p = np.exp(y - y.max(axis=1, keepdims=True))",
        3: "loss = -np.log(p[targets, np.arange(N)]).sum()",
        4: "dy = p.copy()",
        5: "dy[targets, np.arange(N)] -= 1",
        6: "dy = dy",
    },
}
"""For each line that can be ticked, another that could stand there; the right pair mends the program."""


def cell_is_right(code: str) -> bool:
    space: dict[str, Any] = {"np": np, "sigmoid": squash, "x": XS[0], "h_prev": H0, "c_prev": 0.5 * H0}
    for name in ("Wf", "Wi", "WC", "Wo"):
        space[name] = np.random.default_rng(len(space)).normal(size=(H, H + D))
        space["b" + name[1]] = np.random.default_rng(len(space)).normal(size=(H, 1))
    exec(code, space)

    def inside(name: str) -> Any:
        weights = space["W" + name]
        return weights[:, :H] @ H0 + weights[:, H:] @ XS[0] + space["b" + name]

    f, i, o = (squash(inside(name)) for name in "fio")
    cell = f * 0.5 * H0 + i * np.tanh(inside("C"))
    return np.allclose(space["c"], cell) and np.allclose(space["h"], o * np.tanh(cell))


def bent(loss: Callable[[str, Any], Any], name: str, shape: Any) -> Callable[[np.ndarray], Any]:
    return lambda flat: loss(name, flat.reshape(shape))


def loss_for(right: int) -> Callable[[np.ndarray], Any]:
    return lambda logits: cross_entropy(logits, right)


def backward_is_right(code: str) -> bool:
    dhs = rng.normal(size=(T, H, N))
    space: dict[str, Any] = {"np": np, "T": T, "xs": XS, "hs": states(), "dhs": dhs, **RNN}
    space.update({f"d{name}": np.zeros_like(array) for name, array in RNN.items()})
    exec(code, space)

    def loss(name: str, array: Any) -> Any:
        return sum((d * h).sum() for d, h in zip(dhs, states(params={**RNN, name: array})[1:], strict=True))

    for name, array in RNN.items():
        for k in range(array.size):
            wanted = partial(bent(loss, name, array.shape), array.ravel(), k)
            if not np.isclose(wanted, space[f"d{name}"].ravel()[k]):
                return False
    return True


def loss_is_right(code: str) -> bool:
    y, targets = rng.normal(size=(H, N)), np.array([0, 2])
    space: dict[str, Any] = {"np": np, "y": y, "targets": targets, "N": N}
    exec(code.replace("return loss, dy, p", ""), space)

    def loss(flat: Any) -> Any:
        return sum(cross_entropy(col, k) for col, k in zip(flat.reshape(H, N).T, targets, strict=True)) / N

    slopes = [partial(loss, y.ravel(), k) for k in range(y.size)]
    shares = np.exp([[-cross_entropy(col, k) for col in y.T] for k in range(H)])
    return (
        np.isclose(space["loss"], loss(y))
        and np.allclose(space["dy"].ravel(), slopes)
        and np.allclose(space["p"], shares)
    )


AS_CODE = {
    "several-steps/two-bugs-cell": """\
z = np.vstack((x, h_prev))
f = sigmoid(Wf @ z + bf)
i = sigmoid(Wi @ z + bi)
g = np.tanh(WC @ z + bC)
c = f * c_prev + i * g
o = sigmoid(Wo @ z + bo)
h = np.tanh(o * c)""",
    "several-steps/two-bugs-backward": """\
dh_next = np.zeros_like(dhs[0])
for t in range(T):
    dh = dhs[t] + dh_next
    da = dh * (1 - hs[t + 1] ** 2)
    dWxh += da @ xs[t].T
    dWhh += da @ hs[t + 1].T
    dbh += da.sum(axis=1, keepdims=True)
    dh_next = Whh.T @ da""",
}
"""What the numbered formulas of two questions say, line by line; there, step 1 is the first."""

PROGRAMS = {
    "several-steps/two-bugs-cell": cell_is_right,
    "several-steps/two-bugs-backward": backward_is_right,
    "several-steps/two-bugs-loss": loss_is_right,
}


def wrong_lines(key: str) -> set[str]:
    """The only two lines whose change makes the program right."""
    prompt = QUESTIONS[key].prompt
    if key in AS_CODE:
        lines = AS_CODE[key].splitlines()
        assert len(re.findall(r"(?m)^\d\. ", prompt)) == len(lines)
    else:
        lines = [line[3:] for line in prompt.split("```")[1].strip().splitlines()]

    def right_with(*changed: int) -> bool:
        program = [LINES[key][n] if n in changed else line for n, line in enumerate(lines, 1)]
        return PROGRAMS[key]("\n".join(program))

    assert not right_with()
    pairs = [pair for pair in itertools.combinations(LINES[key], 2) if right_with(*pair)]
    assert len(pairs) == 1
    assert not any(right_with(n) for n in pairs[0])
    return {f"line-{n}" for n in pairs[0]}


def trap_powers() -> str:
    norms = [
        np.linalg.norm(np.linalg.matrix_power(np.array([[0.5, 10], [0, 0.5]]), k), 2) for k in range(1, 60)
    ]
    assert abs(norms[1] - 10) < 0.5
    assert norms[-1] < 1e-6
    return "later"


def padded_step() -> dict[str, float]:
    """Slopes of a masked step by its old state and by a weight inside `new`."""
    return {
        "h": slope(lambda h: 0 * np.tanh(0.7 * h + 0.2) + 1 * h, 0.4),
        "w": slope(lambda w: 0 * np.tanh(w * 0.4 + 0.2) + 1 * 0.4, 0.7),
    }


def gru_agrees(r: Any, W: Any, h: Any) -> bool:
    return np.allclose(W @ (r * h), r * (W @ h))


def gate_after(bf: float, bi: float) -> str:
    """What a cell does with given biases, told by three runs of it."""

    def run(c: float, candidates: list[float]) -> float:
        for g in candidates:
            c = lstm_step(c, float(squash(bf)), float(squash(bi)), g)[0]
        return round(c, 6)

    told = {
        (3.0, 3.0): "keeps what it has, whatever comes in",
        (0.5, 0.5): "takes over the candidate at every step",
        (3.9, 3.7): "adds up the candidates of all steps",
        (0.0, 0.0): "is emptied at once and stays empty",
    }
    return told[run(3.0, [0.4, 0.5]), run(3.0, [0.2, 0.5])]


def shape_text(*sizes: int) -> str:
    letters = {3: "H", 5: "H + D", 2: "D", 4: "N", 7: "T", 11: "V", 1: "1"}
    return "`(" + ", ".join(letters[size] for size in sizes) + ("," if len(sizes) == 1 else "") + ")`"


def lstm_shapes() -> dict[str, str]:
    space = {"z": zeros(5, 4), "da_f": zeros(3, 4), "Wf": zeros(3, 5), "H": 3}
    return {
        pair.left: shape_text(*eval(pair.left.strip("`"), dict(space)).shape)
        for pair in QUESTIONS["several-steps/trace-lstm-shapes"].pairs
    }


def text_shapes() -> dict[str, str]:
    hs, Why = zeros(8, 3, 4), zeros(11, 3)
    space = {"hs": hs, "Why": Why, "t": 2, "dlogits": Why @ hs[1:]}
    return {
        pair.left: shape_text(*eval(pair.left.strip("`"), dict(space)).shape)
        for pair in QUESTIONS["text-and-gru/trace-text-shapes"].pairs
    }


def forget_bias_and_memory() -> str:
    """The bias among those offered that leaves most of a cell after 50 steps."""
    left = {"bias-up": float(squash(4.0)) ** 50, "as it was": 0.5**50, "bias-down": float(squash(-4.0)) ** 50}
    assert left["bias-up"] > 0.3
    assert left["as it was"] < 1e-14
    return max(left, key=lambda name: left[name])


def only_linear() -> bool:
    """Without tanh, bias and start, the last state is additive in the sequence."""
    plain = {**RNN, "bh": 0 * RNN["bh"]}
    other = rng.normal(size=XS.shape)

    def last(xs: Any) -> Any:
        return states(xs, 0 * H0, plain, bend=lambda z: z)[-1]

    return np.allclose(last(XS + 3 * other), last(XS) + 3 * last(other)) and bool(np.abs(last(XS)).max() > 0)


def blocks(units: int) -> int:
    return lstm_sizes(64, units)


def in_order(*alternatives: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every order that works."""
    return sorted(alternatives)


def working_orders(needs: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """All orders in which every line finds what it reads; what a line reads is said by hand."""
    return in_order(
        *(
            order
            for order in itertools.permutations(needs)
            if all(needs[line] <= set(order[:place]) for place, line in enumerate(order))
        )
    )


def chosen(which: int, *names: str) -> set[str]:
    return {names[which]}


def mask_message() -> set[str]:
    return {"through"} if padded_step() == {"h": 1.0, "w": 0.0} else set()


def two_forms() -> set[str]:
    W, h = rng.normal(size=(H, H)), 0.01 * rng.normal(size=(H, 1))
    r = squash(rng.normal(size=(H, 1)))
    return ticked(
        symmetric=gru_agrees(r, W + W.T, h),
        equal=gru_agrees(np.full((H, 1), 0.3), W, h),
        small=gru_agrees(r, W, h),
    )


def clipping() -> set[str]:
    huge, early = [np.array([3e6, 4e6]), np.array([1e-9])], np.array([1e-9])
    done = clip_all(huge, 1.0)
    together, before = np.concatenate(done), np.concatenate(huge)
    return ticked(
        caps=np.linalg.norm(together) <= 1.0,
        direction=np.isclose(together @ before, np.linalg.norm(together) * np.linalg.norm(before)),
        vanishing=np.linalg.norm(clip_all([early], 1.0)[0]) > 1e-8,
        each=np.isclose(np.linalg.norm(done[0]), np.linalg.norm(done[1])),
    )


def cell_slope(own: float, listens: float, steps: int = 3) -> tuple[float, float]:
    """The slope of a cell by an earlier one, and the product of the forget gates between."""

    def run(c: Any, gates: list[Any]) -> Any:
        h = 0.2
        for _ in range(steps):
            f, g = squash_complex(own + listens * h), np.tanh(0.3 + listens * h)
            gates.append(f)
            c = f * c + 0.5 * g
            h = 0.7 * np.tanh(c)
        return c

    gates: list[Any] = []
    run(0.6, gates)
    return slope(lambda c: run(c, []), 0.6), float(np.prod(gates))


def whole_gradient() -> set[str]:
    deaf, hearing = cell_slope(1.0, 0.0), cell_slope(1.0, 0.8)
    assert not np.isclose(*hearing)
    assert hearing[1] > 0
    return {"no-h"} if np.isclose(*deaf) else set()


def bce() -> set[str]:
    by_entropy = slope(lambda z: np.log(1 + np.exp(-z)), -8.0)
    by_square = slope(lambda z: 0.5 * (squash_complex(z) - 1) ** 2, -8.0)
    assert abs(by_entropy) > 0.99
    assert abs(by_square) < 0.001
    return {"ce-strong"}


def shifted() -> set[str]:
    y = rng.normal(size=4)
    same = all(np.isclose(cross_entropy(y, k), cross_entropy(y + 100, k)) for k in range(4))
    return {"same"} if same else set()


def column_sums() -> set[str]:
    y = rng.normal(size=4)
    slopes = [[partial(loss_for(right), y, k) for k in range(4)] for right in range(4)]
    return {"zero"} if np.allclose(np.sum(slopes, axis=1), 0) else set()


def doubled_units() -> set[str]:
    return {"nearly-four"} if 3 < lstm_sizes(64, 256) / lstm_sizes(64, 128) < 4 else set()


def whole_dataset() -> set[str]:
    X = np.array([[[0], [1]], [[1], [0]], [[1], [1]], [[0], [0]]])
    h, steps = np.zeros((3, 1)), 0
    for t in range(X.shape[0]):
        h = np.tanh(np.dot(np.ones((3, 2)), X[t]) + np.dot(np.ones((3, 3)), h))
        steps += 1
    return {"mixed"} if h.shape == (3, 1) and steps == 4 else set()


def stacked_otherwise() -> set[str]:
    W = rng.normal(size=(H, H + D))
    one, other = W @ np.vstack((H0, XS[0])), W @ np.vstack((XS[0], H0))
    return {"values"} if one.shape == other.shape and not np.allclose(one, other) else set()


def second_column() -> set[str]:
    alone = states(XS[:, :, :1], H0[:, :1])
    return (
        {"not"} if all(np.allclose(a[:, 0], b[:, 0]) for a, b in zip(alone, states(), strict=True)) else set()
    )


def reachable() -> set[str]:
    return ticked(
        **{"first-input": moves(lambda x: last_loss(xs=[x, *XS[1:]]), XS[0])},
        start=moves(lambda h: last_loss(h0=h), H0),
        whh=moves(lambda W: last_loss(params={**RNN, "Whh": W}), RNN["Whh"]),
    )


def first_step_of_whh() -> set[str]:
    """The slope of the loss by a Whh that only the first step uses, from a start at zero."""

    def loss(W: Any) -> Any:
        first = np.tanh(RNN["Wxh"] @ XS[0] + W @ (0 * H0) + RNN["bh"])
        return last_loss(XS[1:], first)

    return set() if moves(loss, RNN["Whh"]) else {"none"}


def transposed() -> set[str]:
    """The slope by an old state: a sum over the rows, the units that read it."""
    da = rng.normal(size=H)
    slopes = [partial(lambda h: da @ (RNN["Whh"] @ h), np.ones(H), k) for k in range(H)]
    assert np.allclose(slopes, RNN["Whh"].T @ da)
    assert not np.allclose(slopes, RNN["Whh"] @ da)
    return {"senders"}


def chunked_check() -> set[str]:
    """Whether a cut way back is off though no line of it is wrong, and exact when nothing is cut."""
    xs = rng.normal(size=(12, D, N))
    hs = states(xs)

    def back(length: int) -> Any:
        total = 0.0
        for start in range(0, 12, length):
            message = np.zeros((H, N))
            for t in reversed(range(start, min(start + length, 12))):
                da = (1.0 + message) * (1 - hs[t + 1] ** 2)
                total = total + da @ hs[t].T
                message = RNN["Whh"].T @ da
        return total

    def loss(flat: Any) -> Any:
        return sum(h.sum() for h in states(xs, params={**RNN, "Whh": flat.reshape(H, H)})[1:])

    right = [partial(loss, RNN["Whh"].ravel(), k) for k in range(H * H)]
    whole, cut = (np.allclose(back(length).ravel(), right) for length in (12, 5))
    return {"whole"} if whole and not cut else set()


def after_one_symbol() -> set[str]:
    """The state after the last symbol of two prompts, read alone from zeros."""
    symbols = sorted({*"alice the queen "})
    weights = rng.normal(size=(H, len(symbols)))
    one, other = (np.tanh(weights[:, symbols.index(prompt[-1])]) for prompt in ("alice ", "the queen "))
    return {"same"} if np.array_equal(one, other) else set()


def trapped() -> set[str]:
    return {"bump"} if trap_powers() == "later" else set()


def singular_three() -> set[str]:
    """Slopes over 20 steps at states near 0 and far out, with the same matrix."""
    growth = {at: (3 * (1 - math.tanh(at) ** 2)) ** 20 for at in (0.0, 5.0)}
    return {"may"} if growth[0.0] > 1 > growth[5.0] else set()


def fifty_steps() -> set[str]:
    cell = next(itertools.islice(iterate(lambda c: lstm_step(c, g=0.99)[0], 0.0), 50, None))
    return {"fifty"} if 49 < cell < 50 else set()


def ratios() -> dict[str, str]:
    """Each ratio is what the fault named beside it makes of a gradient."""
    sequences, steps, h = 8, 5, 0.9
    mean, total = 1 / sequences, 1.0
    averaged = 1 / steps
    without_slope = 1 / (1 - h**2)
    told = QUESTIONS["several-steps/ratio-tells"].pairs
    by_ratio = {
        "8 ": (total / mean, "a mean over sequences was differentiated like a sum"),
        "1/5": (1 / averaged, "contributions of the steps were averaged"),
        "between": (without_slope, "the slope of tanh was left out"),
        "-1": (-1.0, "target minus answer instead of answer minus target"),
    }
    assert by_ratio["8 "][0] == 8
    assert by_ratio["1/5"][0] == 5
    assert 1 < by_ratio["between"][0] < 40
    return {
        pair.left: next(right for start, (_, right) in by_ratio.items() if pair.left.startswith(start))
        for pair in told
    }


def gates_told() -> dict[str, str]:
    settings = [(50, -50), (-50, 50), (50, 50), (-50, -50)]
    return {f"$b_f = {bf}$, $b_i = {bi}$": gate_after(bf, bi) for bf, bi in settings}


def arrays_told() -> dict[str, str]:
    """Read off the shapes of arrays that work: H = 3 units, D = 2 inputs, O = 4 outputs."""
    rows = {3: "one row for each unit", 4: "one row for each output"}
    columns = {2: "one column for each input", 3: "one column for each unit", 1: "a single column"}
    known = {"Wxh": RNN["Wxh"], "Whh": RNN["Whh"], "bh": RNN["bh"], "Why": np.zeros((4, H))}
    assert states()[-1].shape == (H, N)
    assert (known["Why"] @ states()[-1]).shape == (4, N)
    told = {}
    for name, array in known.items():
        row, column = rows[array.shape[0]], columns[array.shape[1]]
        told[f"`{name}`"] = f"{row} and {column}" if column.startswith("a ") else f"{row}, {column}"
    told["`Whh`"] = "one row and one column for each unit"
    return told


TRIED: dict[str, Callable[[], Any]] = {
    "gates/unbounded-cell": fifty_steps,
    "gates/gate-roles": gates_told,
    "lstm-cell/doubling-units": doubled_units,
    "lstm-cell/exact-or-not": whole_gradient,
    "output-and-loss/shift": shifted,
    "output-and-loss/columns-of-gradient": column_sums,
    "output-and-loss/bce-slope": bce,
    "real-sequences/front-padding": padded_in_front,
    "real-sequences/check-of-cut": chunked_check,
    "real-sequences/prompt-first": after_one_symbol,
    "rnn-basics/what-h3-knows": knows,
    "rnn-basics/no-squashing": lambda: {"linear"} if only_linear() else set(),
    "rnn-basics/batch-independence": second_column,
    "rnn-basics/letters": arrays_told,
    "rnn-basics/toy-labels": lambda: (
        {"nothing"}
        if all(x[-1] == y for x, y in zip(("01", "10", "11", "00"), "1010", strict=True))
        else set()
    ),
    "rnn-basics/memory-task": remembering,
    "several-steps/ratio-tells": ratios,
    "several-steps/two-bugs-cell": lambda: wrong_lines("several-steps/two-bugs-cell"),
    "several-steps/two-bugs-backward": lambda: wrong_lines("several-steps/two-bugs-backward"),
    "several-steps/two-bugs-loss": lambda: wrong_lines("several-steps/two-bugs-loss"),
    "several-steps/trace-lstm-shapes": lstm_shapes,
    "shapes-and-code/whole-dataset": whole_dataset,
    "shapes-and-code/stacking-order": stacked_otherwise,
    "shapes-and-code/what-test-sees": telling_data,
    "text-and-gru/mask-message": mask_message,
    "text-and-gru/gru-two-forms": two_forms,
    "text-and-gru/trace-text-shapes": text_shapes,
    "through-time/which-transpose": transposed,
    "through-time/zero-start": first_step_of_whh,
    "through-time/depends-on": reachable,
    "vanishing-gradients/eigenvalue-trap": trapped,
    "vanishing-gradients/necessary-sufficient": singular_three,
    "vanishing-gradients/what-clipping-does": clipping,
    # what each line reads; every order in which it is there is right
    "lstm-cell/equations-in-order": lambda: working_orders(
        {
            "stack": set(),
            "gates": {"stack"},
            "candidate": {"stack"},
            "cell": {"gates", "candidate"},
            "hidden": {"cell"},
        }
    ),
    "lstm-cell/gate-gradients-order": lambda: working_orders(
        {"total": set(), "gates": {"total"}, "inside": {"gates"}, "weights": {"inside"}}
    ),
    "through-time/order-of-a-step": lambda: working_orders(
        {"dh": set(), "dz": {"dh"}, "dWxh": {"dz"}, "dWhh": {"dz"}, "next": {"dz"}}
    ),
    "rnn-basics/order-of-step": lambda: working_orders(
        {"room": set(), "start": {"room"}, "loop": {"start"}, "read": {"loop"}}
    ),
    "gates/init-order": lambda: working_orders(
        {"rng": set(), "bound": {"rng"}, "rest": {"bound"}, "zero": set(), "bf": {"zero"}}
    ),
    "deep-learning-faq/nn-training-step": lambda: working_orders(
        {"forward": set(), "loss": {"forward"}, "backward": {"loss"}, "update": {"backward"}}
    ),
}


@pytest.mark.parametrize("key", TRIED)
def test_what_can_be_tried_turns_out_as_the_key_says(key: str) -> None:
    question, found = QUESTIONS[key], TRIED[key]()
    if question.type == "match":
        assert found == {pair.left: pair.right for pair in question.pairs}
    elif question.type == "order":
        names = [step.id for step in question.steps]
        before = {step.id: set(step.after) for step in question.steps}
        assert found == working_orders({name: before[name] for name in names})
    else:
        assert found == {choice.id for choice in question.choices if choice.correct}


ARGUED = {
    "deep-learning-faq/nn-what-training-does": (
        "The chain rule yields slopes and changes nothing; a walk downhill from random weights ends where "
        "the slope is 0. Swapping two hidden units gives other weights and the same network."
    ),
    "deep-learning-faq/cnn-for-sequences": (
        "Each layer with a filter of k adds k - 1 steps to what is seen, so a stack sees a fixed stretch; "
        "(1, -1) tells 01 from 10; Bai et al. (2018) found convolutions often ahead."
    ),
    "deep-learning-faq/weight-sharing": (
        "A filter is moved, so its weights do not depend on the place; a recurrence is one function used T "
        "times; a full layer has a matrix entry for each pair of units."
    ),
    "deep-learning-faq/lstm-solves": (
        "Along the cell the product of n gates f is f**n: 0.99**100 = 0.37 and 0.5**100 = 8e-31, so it "
        "depends on the gates, and none of them is above 1."
    ),
    "deep-learning-faq/lstm-lag-fifty": (
        "0.5**50 = 9e-16 with bias 0, sigmoid(4)**50 = 0.40, sigmoid(-4)**50 = 1e-87; neither the size of "
        "steps nor clipping changes the ratio of what early and late steps contribute."
    ),
    "deep-learning-faq/lstm-what-remains": (
        "The gradient of a weight is a sum over steps, late ones included; the path through h has weights "
        "of any size; a cell can reach t after t steps; h feeds the gates of the next step."
    ),
    "deep-learning-faq/gan-falling-loss": (
        "The loss is a verdict of the discriminator, which is trained at the same time; a falling loss may "
        "mean a weaker judge."
    ),
    "deep-learning-faq/gan-always-a-three": (
        "Goodfellow (2016), NIPS tutorial on GANs, section 5.1.1, which also has the name Helvetica scenario."
    ),
    "deep-learning-faq/gan-who-sees-what": (
        "Goodfellow et al. (2014), algorithm 1: G maps noise; D gets m samples of each kind; the slope for "
        "G runs through D."
    ),
    "deep-learning-faq/overfitting-diagnosis": (
        "0.1 is within reach. 0.01 against 0.90: learnt by heart. 0.88 and 0.90: not even learnt. 0.09, "
        "0.10, then 0.90: what changed is the data. All near 0.1: nothing is wrong."
    ),
    "deep-learning-faq/overfitting-remedies": (
        "Copies add nothing new (the mean loss is the same function); validation data train nothing; "
        "training on lowers the training loss only. Penalties, new data and stopping act on the gap."
    ),
    "deep-learning-faq/act-relu-in-rnn": (
        "The Jacobian is diag(0 or 1) @ Whh, on active units Whh itself, whose powers grow or shrink as "
        "they like; ReLU has no upper bound."
    ),
    "deep-learning-faq/act-silent-relu": (
        "The slope of max(0, z) is 0 for z < 0, for every example, so no step ever changes its weights; the "
        "usual word is dead (Maas et al., 2013, describe units that never activate)."
    ),
    "deep-learning-faq/lay-deeper": (
        "Overfitting lowers the training error. Layers that copy their input would turn the 20 into 56, so "
        "the deeper one can represent no less (He et al., 2016, section 1)."
    ),
    "deep-learning-faq/lay-honest-tuning": (
        "Each step uses what the one before yields; the test set is used once, after every choice is made."
    ),
    "deep-learning-faq/bn-why": (
        "Santurkar et al. (2018): noise added after the normalisation restores the drift, and training is "
        "as fast as before."
    ),
    "deep-learning-faq/drop-train-above": (
        "Same weights, two networks: with 1/(1-p) of the live units' values and some missing, and with all. "
        "Overfitting and leaks make training better than validation, or equal to it."
    ),
    "deep-learning-faq/drop-facts": (
        "Srivastava et al. (2014), sections 4 (new thinned network in each case) and 9; DropConnect (Wan et "
        "al., 2013) drops connections."
    ),
    "deep-learning-faq/sup-which-are": (
        "Marks and past prices come from outside the inputs; reconstructions, groups and directions are "
        "computed from the inputs."
    ),
    "deep-learning-faq/sup-next-letter": (
        "Targets are cut out of the data: self-supervised (Balestriero et al., 2023)."
    ),
    "deep-learning-faq/sup-cluster-numbers": (
        "Names drawn at random agree for a third; 4 percent is far below, so the groups are tied to the "
        "species under other names."
    ),
    "gates/candidate-sign": "c = f c + i g with f, i >= 0: only a negative g lowers c without forgetting.",
    "gates/which-are-gates": (
        "In c = f c + i g and h = o tanh(c), f, i and o are sigmoids that multiply; g is a tanh."
    ),
    "gates/older-network": "Gers, Schmidhuber and Cummins (2000), Learning to Forget.",
    "gates/three-at-once": "Input and output gate 1997, forget gate 2000; the GRU is of 2014.",
    "gates/only-one-bias": (
        "sigmoid(1) = 0.73 for f keeps 0.73**20 = 2e-3 against 0.5**20 = 1e-6; tanh(1) = 0.76 in the "
        "candidate would write 0.76 at every step."
    ),
    "lstm-cell/two-roads": (
        "c appears in the next cell (f c) and in h = o tanh(c), and nowhere else without peepholes."
    ),
    "lstm-cell/what-is-missing": (
        "The direct slope of a cell by the one before is f; with 0 in its place all products of two and "
        "more steps are 0, and only the paths through h are left."
    ),
    "lstm-cell/claims": (
        "0.5**20 = 1e-6 vanishes; the path through h has the factor Wh of any size; 1**n = 1."
    ),
    "lstm-cell/name-of-the-road": "Hochreiter and Schmidhuber (1997), section 4: constant error carousel.",
    "output-and-loss/who-hears-the-loss": (
        "y = Why h_T + by: the slope of y by h_t is Why for t = T and 0 directly else."
    ),
    "output-and-loss/words-of-loss": (
        "Sum against mean differ by N; so a doubled batch doubles the step. One more mean is one more 1/N. "
        "An index array on the first axis picks rows."
    ),
    "real-sequences/comparable": (
        "A perplexity is one over a geometric mean of probabilities of the symbols of one text: with another "
        "unit another number of factors, with another text other events; one learnt from is known."
    ),
    "real-sequences/what-numbers-say": (
        "Equal shares give 35, frequencies 19, which a bias alone can hold; above 35 means shares below "
        "1/35 for what comes, so numbers mean other letters; 1.1 here and 26 there is a text learnt by "
        "heart; two numbers that fall together are learning."
    ),
    "rnn-basics/same-weights": "h_t = f(x_t, h_{t-1}; one W): the unrolled picture repeats one matrix.",
    "rnn-basics/kind-of-task": "Many inputs, one answer.",
    "several-steps/which-curve": (
        "Along the cells the factor of a step is f, between 0 and 1. Curve C grows by 3 in ten steps; A "
        "needs f = 0.7**0.1 = 0.965, B f = 0.5."
    ),
    "shapes-and-code/error-size": (
        "Central differences in double precision with a sensible step are good to 1e-8 or so, so 1e-2 is a "
        "million times too much."
    ),
    "shapes-and-code/debugging-order": (
        "Shapes decide whether entries can be compared, arrays before their steps, steps before the entries "
        "of one."
    ),
    "text-and-gru/two-bugs-chunks": (
        "Targets equal to inputs ask for a copy (line 4); `h_last` is never used (line 7); the last start "
        "is below len - T, so `start + T + 1` stays inside."
    ),
    "through-time/sum-or-mean": (
        "dL/dW for one W used T times is the sum of the slopes at each use (chain rule)."
    ),
    "through-time/truncated": (
        "The state crosses the cut, the slope does not: use without learning to keep."
    ),
    "through-time/wrong-gradient-trains": (
        "Any direction with a positive product with the gradient lowers the loss."
    ),
    "through-time/words": (
        "dh at the last step needs no message; dxs is made from da, not from the sums; a cut after five "
        "leaves exactly the last five whole."
    ),
    "through-time/name-of-the-method": "Backpropagation through time.",
    "training/curves-match": (
        "Grows: far too fast. A thousandth in ten epochs: far too slow. Held-out loss lowest at epoch 10. "
        "Quick fall, then between 0.30 and 0.35: bounces around a valley."
    ),
    "training/two-bugs-training": (
        "T + 1 entries in line 5 where T are read; a clip after the step (line 9) acts on gradients that "
        "are not used again."
    ),
    "training/kink": (
        "A difference across a kink of max(0, z) is a mix of the slopes 0 and 1; only the entry whose two "
        "points lie on both sides is touched."
    ),
    "vanishing-gradients/whole-gradient": (
        "dL/dW = sum over t; the last terms do not contain the long product."
    ),
    "vanishing-gradients/causes": (
        "A step of a million comes from a gradient of that size; late words learn, early ones do not: it "
        "fades; exactly 0 is no fading, which leaves 1e-30, but a missing connection."
    ),
    "vanishing-gradients/which-to-watch": (
        "States are needed for the slopes, a gradient to carry, then its norm."
    ),
    "vanishing-gradients/other-name": "Bengio, Simard and Frasconi (1994); Pascanu et al. (2013).",
    "vanishing-gradients/chapter-claim": (
        "0.99**100 = 0.37, 0.5**100 = 8e-31: it rests with the forget gates; through h gradients may grow."
    ),
}
"""Why the key is right, where nothing can be computed: an argument or a source."""


def test_every_key_is_found_a_second_time() -> None:
    tables = (NUMBERS, SHAPES, FIXES, TRIED, ARGUED)
    found = [key for table in tables for key in table]
    printed = [key for key, one in QUESTIONS.items() if one.type == "output"]
    assert sorted([*found, *printed]) == sorted(QUESTIONS), set(found) ^ set(QUESTIONS)
    assert not [key for key in ARGUED if QUESTIONS[key].type in ("numeric", "shape", "fix")]


def test_a_wrong_key_is_noticed() -> None:
    """The two paths do not share what could be wrong: another formula in the place of a key is told."""
    for key in NUMBERS:
        for variant in itertools.islice(draws(key), 1):
            low, high = QUESTIONS[key].answer.interval(variant.names)
            for mistake, wrong_low, wrong_high in QUESTIONS[key]._mistaken(variant.names):
                if not low <= (wrong_low + wrong_high) / 2 <= high:
                    assert not wrong_low <= NUMBERS[key](P(**variant.names)) <= wrong_high, (
                        key,
                        mistake.value,
                    )
