"""The numbers that lessons work out by hand come out of the solutions, to the digits that are printed.

What networks learn that are trained or drawn at random is measured by docs/measurements.py.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.collection import load_reference
from grader.course import Course
from grader.course.mathtext import render

ROOT = Path(__file__).resolve().parents[2]
Array = np.ndarray[Any, np.dtype[np.float64]]


def column(*values: float) -> Array:
    return np.array(values, dtype=float).reshape(-1, 1)


def lesson(which: int | str) -> str:
    """Return the lesson of this number, or the page of this name, as a terminal shows it, in one line."""
    page = f"quizzes/{which}.md" if isinstance(which, str) else f"exercises/exercise-{which}/lesson.md"
    text = (ROOT / page).read_text(encoding="utf-8")
    return " ".join(render(text, strict=True).split())


def written(values: Any, digits: int = 4) -> str:
    """Return one number, or several in brackets, as lessons write them: what is short is not padded."""
    flat = [round(float(value), 9) + 0.0 for value in np.ravel(values)]
    texts = [f"{value:g}" if value == round(value, 2) else f"{value:.{digits}f}" for value in flat]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def told(which: int | str, *texts: Any) -> None:
    """Hold that a lesson has each of these, written with four decimals where they are numbers."""
    text = lesson(which)
    assert [one for one in (t if isinstance(t, str) else written(t) for t in texts) if one not in text] == []


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


Wxh, bh = column(0.5, -1), column(0.1, 0)
Whh = np.array([[0.1, 0.4], [-0.3, 0.2]])
Why, by = np.array([[1.0, -2.0]]), column(0.5)
FOUR = np.array([[[0, 1, 1, 0]], [[1, 0, 1, 0]]], dtype=float)  # the chapter's sequences, (2, 1, 4)


def test_one_step_and_its_way_back(course: Course) -> None:
    one, three = (load_reference(course[f"exercise-{n}"]) for n in (1, 3))
    x, h_prev, dh = column(1), column(0.2, -0.5), column(1, 0.5)
    params = one.RNNParams(Wxh, Whh, bh)
    h = one.rnn_step_forward(x, h_prev, params)
    told(1, *map(written, (np.arctanh(h)[0], np.arctanh(h)[1])), h, "15 + 25 + 5 = 45")
    dx, dh_prev, grads = three.rnn_step_backward(dh, x, h_prev, h, three.RNNParams(Wxh, Whh, bh))
    rows = "; ".join(f"{a:.4f} {b:.4f}" for a, b in grads.Whh)
    told(3, h, f"= {written(dx)}", dh_prev, grads.Wxh, grads.bh, f"[{rows}]", dh * (1 - h**2))
    told(3, f"{1 - 0.99**2:.4f} at h = 0.99")


def test_how_fast_the_gradient_of_small_weights_vanishes() -> None:
    lengths = []
    for seed in range(1000):
        W, dh = 0.01 * np.random.default_rng(seed).standard_normal((5, 5)), np.ones(5)
        lengths.append([np.linalg.norm(np.linalg.matrix_power(W.T, k) @ dh) for k in (0, 1, 5, 10)])
    start, *rest = np.median(lengths, axis=0)
    one, five, ten = (f"{length:.0e}".replace("e-0", "e-") for length in rest)
    told(
        3,
        f"a length of {start:.1f}, {one} is left one step back, {five} after five steps and {ten} after ten",
    )


def test_a_sequence_and_its_loss(course: Course) -> None:
    two, four = (load_reference(course[f"exercise-{n}"]) for n in (2, 4))
    params = two.RNNParams(Wxh, Whh, bh)
    hs = two.rnn_forward(FOUR, np.zeros((2, 4)), params)
    y = two.output_forward(hs[2], Why, by)
    told(2, hs[1][:, 0], hs[2][:, 0], *map(written, np.arctanh(hs[2][:, 0]).round(2)), *map(written, y[0]))
    loss, dy = four.binary_cross_entropy(y, np.array([1, 0, 1, 0]))
    told(4, loss, four.output_backward(dy, hs[2], Why)[2])
    alone, dy = four.binary_cross_entropy(y[:, :1], np.array([1]))
    dh, dWhy, dby = four.output_backward(dy, hs[2][:, :1], Why)
    told(4, sigmoid(y[0, 0]), alone, dy, dh, dWhy, dby)
    every = np.mean(np.logaddexp(0, y.T) - np.array([1, 0, 1, 0]) * y.T)
    told(4, f"sixteen losses is {every:.4f}")


def test_a_loss_by_hand(course: Course) -> None:
    four = load_reference(course["exercise-4"])
    y = np.array([[2, 0], [1, 0], [0.1, 0]])
    p, both = four.softmax(y), four.softmax_cross_entropy(y, np.array([0, 1]))
    alone, dy = four.softmax_cross_entropy(y[:, :1], np.array([0]))
    exponentials = np.exp(y[:, 0])
    told(4, written(exponentials, 3), f"together {exponentials.sum():.3f}", p[:, 0], alone, dy)
    told(4, both[0], both[1][:, 0], *(f"{math.log(classes):.4f}" for classes in (2, 3, 10)), f"{math.e:.3f}")
    said = sigmoid(-8)
    told(4, f"p is {said:.4f}", f"(p - 1) p (1 - p) = {(said - 1) * said * (1 - said):.4f}", said - 1)
    for gap in (10.0, 100.0, 745.0, 2000.0):
        small = math.exp(-gap) / (1 + math.exp(-gap))
        from_p = f"{-math.log(small):.2f}" if small else "infinite"
        cells = f"{gap:.0f}", f"{small:.1e}" if small else "0", from_p
        told(
            4,
            " | ".join(
                (*cells, f"{-math.log(small + 1e-12):.2f}", f"{gap + math.log1p(math.exp(-gap)):.2f}")
            ),
        )


def test_back_through_time(course: Course) -> None:
    two, five, six = (load_reference(course[f"exercise-{n}"]) for n in (2, 5, 6))
    params, xs = two.RNNParams(Wxh, Whh, bh), FOUR[:, :, :1]
    hs = two.rnn_forward(xs, np.zeros((2, 1)), params)
    dh = (sigmoid((Why @ hs[2] + by).item()) - 1) * Why.T
    dxs, dh0, grads = five.rnn_backward(np.array([0 * dh, dh]), xs, hs, five.RNNParams(Wxh, Whh, bh))
    da = dh * (1 - hs[2] ** 2)
    message = Whh.T @ da
    told(5, dh, 1 - hs[2] ** 2, da, message, message * (1 - hs[1] ** 2), grads.bh, grads.Wxh, dxs, dh0)
    rows = "; ".join(written(row)[1:-1].replace(",", "") for row in grads.Whh)
    told(5, f"[{rows}]", f"{1000 * 32 * 256 * 4 / 2**20:.0f} MiB", f"{1000 * 1001 // 2:,} of them")
    norms = six.gradient_norms(dh, hs, six.RNNParams(Wxh, Whh, bh))
    told(5, *(f"{norm:.2g}" for norm in norms[1:]), f"{norms[0]:.3f}")
    told(6, *map(written, norms), norms[1] / norms[2], norms[0] / norms[1], norms[0] / norms[2])


def test_what_bounds_a_gradient(course: Course) -> None:
    six = load_reference(course["exercise-6"])
    s = np.linalg.svd(Whh)[1]
    value = np.linalg.eigvals(Whh)[0]
    told(
        6,
        f"{value.real:.2f} ± {abs(value.imag):.4f} i",
        six.spectral_radius(Whh),
        *map(written, s),
        s[0] ** 2,
    )
    defective = np.array([[0.5, 10], [0, 0.5]])
    told(
        6,
        f"largest singular value {np.linalg.norm(defective, 2):.2f}",
        f"it is {six.gradient_bound(defective, 1):.2f}",
    )
    steps = math.ceil(math.log(0.001) / math.log(0.9))
    told(
        6,
        f"fifty steps leave {0.9**50:.4f}, and after {steps} steps",
        f"fifty steps make {1.1**50:.0f} out of 1",
    )
    for gradient, words in (
        (column(3, 4), "turned by {} degrees"),
        (column(30, 1), "is turned by {} degrees"),
    ):
        angle = abs(math.degrees(math.atan2(*gradient.ravel()) - math.pi / 4))
        told(6, words.format(round(angle)))
    small = [np.linalg.norm(0.01 * np.random.default_rng(n).standard_normal((64, 64)), 2) for n in range(50)]
    size = float(np.mean(small))
    left = f"{size**10:.0e}".replace("e-0", "e-")
    told(6, f"s is about {size:.2f}, and ten steps leave at most about {left}")
    large = [np.linalg.norm(0.5 * np.random.default_rng(n).standard_normal((16, 16)), 2) for n in range(200)]
    told(6, f"s was {np.mean(large):.1f} on average")
    assert np.mean(large) ** 50 == pytest.approx(2e28, rel=0.5)


def test_two_steps_of_an_lstm(course: Course) -> None:
    seven, eight = (load_reference(course[f"exercise-{n}"]) for n in (7, 8))
    weights = [np.array([row]) for row in ([1, 0.5, -0.5], [0, 1.0, 1], [1, -1.0, 0], [0, 2, 0.5])]
    biases = [column(1), column(0), column(0), column(0)]
    params = seven.LSTMParams(*weights, *biases)
    h, c, gates = seven.lstm_step_forward(column(1, -2), column(0.5), column(2), params)
    told(7, *map(written, (h, c, *gates, np.tanh(c))))
    xs = np.array([[[1.0], [-2]], [[0], [1]]])
    hs, cs, gates = eight.lstm_forward(xs, column(0.5), column(2), eight.LSTMParams(*weights, *biases))
    told(8, hs, cs, gates.f, *(gate[1] for gate in gates), np.tanh(cs[2]), gates.f[1] * cs[1])
    # with x above h, all of the stack moves by one place
    h, *_ = seven.lstm_step_forward(column(-2, 0.5), column(1), column(2), params)
    told(7, f"h would be {h.item():.4f}")


def test_what_gates_keep() -> None:
    told(7, f"σ(-50) is {sigmoid(-50):.0e}")
    for value, name in ((0.5, "0.5 = σ(0)"), (sigmoid(1), "0.731 = σ(1)"), (0.9, "0.9"), (0.99, "0.99")):
        text = lesson(7)
        cells = text[text.index(f"| {name} |") :].split(" | ")[1:4]
        halved, twenty, hundred = (float(cell.split()[0]) for cell in cells)
        assert halved == pytest.approx(math.log(0.5) / math.log(value), abs=0.06)
        assert twenty == pytest.approx(value**20, rel=0.03)
        assert hundred == pytest.approx(value**100, rel=0.03)
    told(8, f"{6 * 1000 * 256 * 32 * 8 / 1e6:.0f} MB", f"{math.log(9):.2f} for 10, {math.log(99):.1f}")
    assert 1 - sigmoid(10) ** 100 == pytest.approx(0.005, rel=0.2)
    told(
        8, *(f"{spread:.2f}" for spread in (1 / math.sqrt(3), *(0.01 * math.sqrt(n) for n in (16, 64, 256))))
    )
    counts = {(D, H): 4 * H * (D + H + 1) for D, H in ((3, 5), (10, 20), (64, 128), (64, 256))}
    told(8, *map(str, counts.values()), f"{counts[64, 256] / counts[64, 128]:.1f} times")
    told(10, f"= {0.99**100:.2f} of the gradient", f"would be {sigmoid(1) ** 100:.0e}", f"{math.log(99):.1f}")


def test_one_lstm_step_back_and_the_one_before(course: Course) -> None:
    nine = load_reference(course["exercise-9"])
    weights = [np.array([row]) for row in ([0.4, -0.2], [0.3, 0.5], [-0.6, 0.8], [0.2, 0.1])]
    params = nine.LSTMParams(*weights, *[column(0)] * 4)
    gates = nine.Gates(*map(column, (0.8, 0.5, 0.6, 0.7)))
    dx1, dh, dc, grads = nine.lstm_step_backward(
        column(1), column(0.5), column(1), column(0.5), column(0.75), column(0.9), gates, params
    )
    told(9, dx1, dh, dc, *grads[4:], grads.Wf, grads.WC)
    total = 0.5 + 0.7 * (1 - math.tanh(0.9) ** 2)
    told(9, *(f"{total * factor:.4f}" for factor in (1, 0.75, 0.6, 0.5)), math.tanh(0.9))
    told(9, f"{sigmoid(8) * sigmoid(-8):.4f}", f"{1 - math.tanh(8) ** 2:.1e}".replace("e-0", "e-"))
    o = 0.5 / math.tanh(0.75)
    gates = nine.Gates(*map(column, (0.5, 0.5, 0.5, o)))
    dx, dh0, dc0, first = nine.lstm_step_backward(
        dh, dc, column(-1), column(0.2), column(1), column(0.75), gates, params
    )
    told(10, o, math.tanh(0.75), dc0 / 0.5, dc0, dh0, written([dx.item(), dx1.item()]), first.bf + grads.bf)
    told(10, f"= {total * 0.8 * 0.5:.4f}")


def test_adam_by_hand(course: Course) -> None:
    eleven = load_reference(course["exercise-11"])

    def walk(gradients: Iterable[float], lr: float) -> tuple[list[float], list[Any]]:
        params = eleven.OutputParams(column(0), column(0))
        state, at, states = eleven.adam_start(params), [0.0], []
        for gradient in gradients:
            params, state = eleven.adam_step(
                params, eleven.OutputParams(column(gradient), column(0)), state, lr
            )
            at.append(params.W.item())
            states.append(state)
        return [before - after for before, after in itertools.pairwise(at)], states

    steps, states = walk((0.5, -0.1), 0.1)
    for t, (step, state) in enumerate(zip(steps, states, strict=True), 1):
        m, v = state.m[0].item(), state.v[0].item()
        root = math.sqrt(v / (1 - 0.999**t))
        told(11, f"m = {m:.4f} m̂ = {m / (1 - 0.9**t):.4f} v = {v:.5f} √v̂ = {root:.4f} step {step:.4f}")
    told(11, f"= {0.1 / math.sqrt(0.001):.1f} times")
    loud = [1.0] * 1600
    loud[20] = 100
    steps, _ = walk(loud, 1)
    told(
        11, f"at step 22 it is {steps[21]:.2f} lr, at step 31 {steps[30]:.2f}, and at step 60 {steps[59]:.2f}"
    )
    assert next(t for t in range(60, 1600) if steps[t] >= 0.5) == pytest.approx(1500, rel=0.05)
    loud[20] = 5
    steps, _ = walk(loud[:60], 1)
    told(11, f"the steps are {steps[21]:.2f}, {steps[30]:.2f} and {steps[59]:.2f} lr long")


def test_drawing_and_the_gru(course: Course) -> None:
    y = np.array([2, 1, 0.1])
    for temperature in (0.25, 0.5, 1, 2, 10):
        p = np.exp(y / temperature) / np.exp(y / temperature).sum()
        perplexity = np.exp(-(p * np.log(p)).sum())
        told(12, f"| {temperature:g} | {', '.join(f'{one:.4f}' for one in p)} | {perplexity:.2f} |")
    ends = np.cumsum(np.exp(y) / np.exp(y).sum())
    chance = np.random.default_rng(0).random(10_000)
    drawn = np.random.default_rng(0).choice(3, size=10_000, p=np.exp(y) / np.exp(y).sum())
    alike = (np.argmax(ends / ends[-1] > chance[:, np.newaxis], axis=1) == drawn).sum()
    told(12, f"{math.log(20):.2f} for 20 letters", f"{alike:,} symbols out of 10,000")
    told("gru", "3 · 5 · (3 + 5 + 1) = 135", "140 in all")
    for past in (2 * (0.5 * 0.5) + 0.4, 0.5 * (2 * 0.5 + 0.4)):
        g = math.tanh(1 - 0.5 + past)
        told("gru", f"= tanh({0.5 + past:.1f}) = {g:.4f}", (1 - sigmoid(1)) * g + sigmoid(1) * 0.5)
    twelve, apart = load_reference(course["exercise-12"]), []
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        shapes = [(5, 3)] * 3 + [(5, 5)] * 3 + [(5, 1)] * 4
        params = twelve.GRUParams(*(0.6 * rng.standard_normal(shape) for shape in shapes))
        x, h = rng.standard_normal((3, 2)), rng.uniform(-1, 1, (5, 2))
        both = (twelve.gru_step_forward(x, h, params, after)[0] for after in (False, True))
        apart.append(np.abs(np.subtract(*both)).max())
    told("gru", f"was {np.median(apart):.2f} in the median, and {max(apart):.1f} in one of them")


def test_sequences_of_different_lengths(course: Course) -> None:
    fifteen = load_reference(course["exercise-15"])
    mask = fifteen.step_mask(np.array([3, 1]), 3)
    losses = np.array([[0.5, 1.0], [0.2, 0], [0.3, 0]])
    means = (losses.sum() / mask.sum(), losses.sum() / 6, (losses.sum(axis=0) / mask.sum(axis=0)).mean())
    told(15, *map(written, means))
    params = fifteen.RNNParams(column(1), column(0.5), column(0))
    xs = np.array([1.0, 0, 0]).reshape(3, 1, 1)
    for real in ([[1.0], [1], [1]], [[1.0], [0], [0]]):
        mask = np.array(real)
        hs = fifteen.masked_rnn_forward(xs, mask, column(0), params)
        dhs = np.array([0, 0, 1.0]).reshape(3, 1, 1)
        told(15, hs[-1], fifteen.masked_rnn_backward(dhs, xs, hs, mask, params)[2].Wxh)
    told(
        15, hs[1], "tanh(0.5 · 0.7616) = 0.3634", math.log(4), 0.7 * math.log(4), f"{4**0.7:.2f} instead of 4"
    )


def test_what_truncation_leaves_of_one_gradient(course: Course) -> None:
    sixteen = load_reference(course["exercise-16"])
    params = sixteen.RNNParams(column(1), column(0.5), column(0))
    xs, dhs = (np.array(values).reshape(3, 1, 1) for values in ((1.0, 0, 0), (0, 0, 1.0)))
    hs = sixteen.forward_in_chunks(xs, column(0), params, 2)
    parts = sixteen.lag_gradients(dhs[-1], hs, params)
    chunks, windows = sixteen.backward_in_chunks, sixteen.backward_in_windows
    told(16, *map(written, hs.ravel()[1:]), *map(written, parts.ravel()[:2]), sixteen.missing_share(parts)[0])
    told(16, "bounds " + ", ".join(map(str, sixteen.chunk_bounds(7, 3))))
    told(16, *(way(dhs, xs, hs, params, 2).Whh for way in (chunks, windows)))
    assert windows(dhs, xs, hs, params, 2).Whh == chunks(dhs, xs, hs, params, 3).Whh


def test_the_chapters_classes(course: Course) -> None:
    networks = load_reference(course["exercise-14"])
    rnn, lstm = networks.SimpleRNN(1, 2, 1), networks.LSTM(2, 1, 1)
    vars(rnn).update(Wxh=Wxh, Whh=Whh, bh=bh, Why=Why, by=by)
    told(14, *map(written, rnn.forward(FOUR[:, :, 0])))
    rows = [1, 0.5, -0.5], [0, 1.0, 1], [1, -1.0, 0], [0, 2, 0.5]
    vars(lstm).update(zip(("Wf", "Wi", "WC", "Wo"), (np.array([row]) for row in rows), strict=True))
    vars(lstm).update(bf=column(1), Wy=column(2), by=column(0.5))
    y, h, c = map(written, lstm.forward(np.array([[1, -2], [0, 1]])))
    told(14, f"answers y = {y} with h = {h} and c = {c}")
    largest = [np.abs(networks.SimpleRNN(1, 5, 1, seed).forward(FOUR)[0]).max() for seed in range(1000)]
    told(14, f"five units is typically {np.median(largest):.5f}")
    assert np.quantile(largest, (0.05, 0.95)) == pytest.approx((1e-5, 5e-4), rel=0.5)


def test_how_fast_the_chapters_start_forgets(course: Course) -> None:
    networks, rng = load_reference(course["exercise-14"]), np.random.default_rng(0)
    rows = [
        [float(cell) for cell in line.split("|")[1:4]] for line in lesson_lines(14, "| SimpleRNN | LSTM |")
    ]
    assert [steps for steps, *_ in rows] == [2, 5, 10]
    for steps, *shown in rows:
        X = rng.standard_normal((int(steps), 1))
        other = X + np.eye(int(steps), 1)
        for kind, told_value in zip((networks.SimpleRNN, networks.LSTM), shown, strict=True):
            drawn = [kind(1, 5, 1, seed) for seed in range(200)]
            moved = [np.abs(one.forward(X)[1] - one.forward(other)[1]).max() for one in drawn]
            assert np.median(moved) == pytest.approx(told_value, rel=0.6)


def lesson_lines(number: int, heading: str) -> list[str]:
    """Return the rows of a lesson's table below its heading."""
    text = (ROOT / "exercises" / f"exercise-{number}" / "lesson.md").read_text(encoding="utf-8")
    lines = text.splitlines()
    first = next(at for at, line in enumerate(lines) if heading in line.replace("`", ""))
    return list(itertools.takewhile(lambda line: line.startswith("|"), lines[first + 2 :]))


def test_a_book_cut_into_batches(course: Course) -> None:
    seventeen = load_reference(course["exercise-17"])
    inputs, targets = seventeen.batches(np.arange(13), 2, 3)
    assert len(inputs) == 2
    columns = (" and ".join(", ".join(map(str, column)) for column in one[0].T) for one in (inputs, targets))
    told(17, *columns, f"perplexity of {math.prod((2, 4, 8)) ** (1 / 3):.0f}")
    V, H = 35, 64
    assert round(4 * H * (H + V + 1) + V * (H + 1), -3) == 28000
    told(17, "28,000 numbers")
    text = " ".join((course["exercise-17"].folder / "alice.txt").read_text(encoding="utf-8").split())
    ids = seventeen.encode(text, symbols := seventeen.vocabulary(text))
    assert len(symbols) == V
    assert seventeen.decode(ids, symbols) == text
    known, held_out = np.split(ids, [len(ids) * 9 // 10])
    singles, pairs = np.ones(V), np.ones((V, V))
    for one, following in itertools.pairwise(known):
        pairs[one, following] += 1
    for one in known:
        singles[one] += 1
    for shares in (
        (singles / singles.sum())[held_out[1:]],
        (pairs.T / pairs.sum(1)).T[held_out[:-1], held_out[1:]],
    ):
        told(17, f"{np.exp(-np.log(shares).mean()):.2f}")


def test_where_a_decoder_looks() -> None:
    states, d = np.array([[1, 0], [0, 1], [0.5, 0.5]]), np.array([2, 0])
    scores = states @ d
    shares = np.exp(scores) / np.exp(scores).sum()
    told("attention", written(shares), written(shares @ states), f"= {0.9**20:.4f}", f"{25 * 20}")
    told("attention", *(math.exp(one) / (math.exp(one) + 2) for one in (8, 1)), f"{math.sqrt(64):.0f} for 64")
