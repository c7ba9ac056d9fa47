"""Independent judges of the reference solutions: automatic differentiation, complex step, other libraries.

Every network is written here once more, forwards only, for any of three libraries; the gradients of the
solutions are compared with what HIPS autograd, the complex step and PyTorch (where it is installed) say of
it, and the forward passes with onnxruntime. `pytest -s` prints the largest relative error of each.
"""

from __future__ import annotations

import importlib.util
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from grader.checks.collection import load_reference
from grader.course import Course
from grader.numeric import complex_step_gradient, relative_error

Array = np.ndarray[Any, Any]
T, D, H, O, N, V = 7, 3, 5, 4, 2, 6
EXACT, SINGLE = 1e-12, 1e-6
CASES = (
    "rnn-step output softmax binary rnn bptt-norms lstm-step lstm language-model gru-before gru-after"
    " masked-loss masked-rnn last-states chunks windows characters"
).split()


@dataclass(frozen=True)
class Case:
    """What a reference says of the gradients of a loss.

    Args:
        loss: of the inputs, with the functions of some library.
        inputs: where it is differentiated.
        gradients: the reference's, in the order of the inputs; None where it gives none.
    """

    loss: Callable[..., Any]
    inputs: list[Array]
    gradients: list[Array | None]


def draw(rng: np.random.Generator, *shape: int) -> Array:
    return 0.6 * rng.standard_normal(shape)


# --- the networks, once more --------------------------------------------------------------------------


def sigmoid(ops: Any, a: Any) -> Any:
    return 0.5 * (1 + ops.tanh(0.5 * a))


def rnn_states(ops: Any, xs: Any, h: Any, Wxh: Any, Whh: Any, bh: Any) -> list[Any]:
    states = []
    for x in xs:
        h = ops.tanh(Wxh @ x + Whh @ h + bh)
        states.append(h)
    return states


def lstm_step(ops: Any, x: Any, h: Any, c: Any, params: Sequence[Any]) -> tuple[Any, Any]:
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    z = ops.cat([h, x])
    f, i, o = (sigmoid(ops, W @ z + b) for W, b in ((Wf, bf), (Wi, bi), (Wo, bo)))
    c = f * c + i * ops.tanh(WC @ z + bC)
    return o * ops.tanh(c), c


def gru_step(ops: Any, x: Any, h: Any, params: Sequence[Any], *, after: bool) -> Any:
    Wxr, Wxu, Wxg, Whr, Whu, Whg, br, bu, bg, bhg = params
    r, z = sigmoid(ops, Wxr @ x + Whr @ h + br), sigmoid(ops, Wxu @ x + Whu @ h + bu)
    past = r * (Whg @ h + bhg) if after else Whg @ (r * h) + bhg
    return (1 - z) * ops.tanh(Wxg @ x + bg + past) + z * h


def cross_entropy(ops: Any, y: Any, right: Array) -> Any:
    """Mean over the columns; the logits are small here, so nothing overflows."""
    shares = ops.exp(y) / ops.exp(y).sum(0)
    return -(ops.constant(right) * ops.log(shares)).sum() / right.shape[1]


# --- the cases ----------------------------------------------------------------------------------------


def rnn_step(course: Course, rng: np.random.Generator) -> Case:
    reference = load_reference(course["exercise-3"])
    params = reference.RNNParams(draw(rng, H, D), draw(rng, H, H), draw(rng, H, 1))
    x, h_prev, dh = draw(rng, D, N), draw(rng, H, N), draw(rng, H, N)
    h = np.tanh(params.Wxh @ x + params.Whh @ h_prev + params.bh)
    dx, dh_prev, dparams = reference.rnn_step_backward(dh, x, h_prev, h, params)

    def loss(ops: Any, x: Any, h_prev: Any, *params: Any) -> Any:
        return (ops.constant(dh) * rnn_states(ops, [x], h_prev, *params)[0]).sum()

    return Case(loss, [x, h_prev, *params], [dx, dh_prev, *dparams])


def output(course: Course, rng: np.random.Generator) -> Case:
    reference = load_reference(course["exercise-4"])
    dy, h, Why = draw(rng, O, N), draw(rng, H, N), draw(rng, O, H)

    def loss(ops: Any, h: Any, Why: Any, by: Any) -> Any:
        return (ops.constant(dy) * (Why @ h + by)).sum()

    return Case(loss, [h, Why, draw(rng, O, 1)], list(reference.output_backward(dy, h, Why)))


def softmax(course: Course, rng: np.random.Generator) -> Case:
    reference = load_reference(course["exercise-4"])
    y, targets = draw(rng, O, N), np.array([3, 1])
    value, dy = reference.softmax_cross_entropy(y, targets)
    right = np.eye(O)[:, targets]

    def loss(ops: Any, y: Any) -> Any:
        return cross_entropy(ops, y, right)

    assert relative_error(np.array(value), np.array(loss(NUMPY, y))) <= EXACT
    return Case(loss, [y], [dy])


def binary(course: Course, rng: np.random.Generator) -> Case:
    reference = load_reference(course["exercise-4"])
    y, targets = draw(rng, 1, 5), np.array([1, 0, 0, 1, 1])
    value, dy = reference.binary_cross_entropy(y, targets)

    def loss(ops: Any, y: Any) -> Any:
        return (ops.log(1 + ops.exp(y)) - ops.constant(targets.astype(float)) * y).sum() / 5

    assert relative_error(np.array(value), np.array(loss(NUMPY, y))) <= EXACT
    return Case(loss, [y], [dy])


def rnn_parts(course: Course, name: str, rng: np.random.Generator) -> tuple[Any, Any, Array, Array, Array]:
    """Return a reference with parameters, inputs, first state and all states."""
    reference = load_reference(course[name])
    params = reference.RNNParams(draw(rng, H, D), draw(rng, H, H), draw(rng, H, 1))
    xs, h0 = draw(rng, T, D, N), draw(rng, H, N)
    hs = np.stack([h0, *rnn_states(NUMPY, xs, h0, *params)])
    return reference, params, xs, h0, hs


def rnn(course: Course, rng: np.random.Generator) -> Case:
    reference, params, xs, h0, hs = rnn_parts(course, "exercise-5", rng)
    dhs = draw(rng, T, H, N)
    dxs, dh0, dparams = reference.rnn_backward(dhs, xs, hs, params)

    def loss(ops: Any, xs: Any, h0: Any, *params: Any) -> Any:
        states = rnn_states(ops, xs, h0, *params)
        return sum((ops.constant(dh) * h).sum() for dh, h in zip(dhs, states, strict=True))

    return Case(loss, [xs, h0, *params], [dxs, dh0, *dparams])


def bptt_norms(course: Course, rng: np.random.Generator) -> Case:
    """gradient_norms gives norms, not gradients: the judge's gradient of h_0 is compared by its norm."""
    reference, params, xs, h0, hs = rnn_parts(course, "exercise-6", rng)
    dh_last = draw(rng, H, N)
    norms = reference.gradient_norms(dh_last, hs, params)

    def loss(ops: Any, h0: Any) -> Any:
        return (
            ops.constant(dh_last) * rnn_states(ops, ops.constant(xs), h0, *map(ops.constant, params))[-1]
        ).sum()

    return Case(loss, [h0], [np.array(norms[0])])


def lstm_params(reference: types.ModuleType, rng: np.random.Generator) -> Any:
    return reference.LSTMParams(
        *(draw(rng, H, H + D) for _ in range(4)), *(draw(rng, H, 1) for _ in range(4))
    )


def lstm_one(course: Course, rng: np.random.Generator) -> Case:
    reference = load_reference(course["exercise-9"])
    params = lstm_params(reference, rng)
    x, h_prev, c_prev = draw(rng, D, N), draw(rng, H, N), draw(rng, H, N)
    dh, dc = draw(rng, H, N), draw(rng, H, N)
    _, c, gates = load_reference(course["exercise-7"]).lstm_step_forward(x, h_prev, c_prev, params)
    dx, dh_prev, dc_prev, dparams = reference.lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params)

    def loss(ops: Any, x: Any, h: Any, c: Any, *params: Any) -> Any:
        h, c = lstm_step(ops, x, h, c, params)
        return (ops.constant(dh) * h).sum() + (ops.constant(dc) * c).sum()

    return Case(loss, [x, h_prev, c_prev, *params], [dx, dh_prev, dc_prev, *dparams])


def lstm(course: Course, rng: np.random.Generator) -> Case:
    reference = load_reference(course["exercise-10"])
    params = lstm_params(reference, rng)
    xs, h0, c0 = draw(rng, T, D, N), draw(rng, H, N), draw(rng, H, N)
    dhs, dc_last = draw(rng, T, H, N), draw(rng, H, N)
    trace = load_reference(course["exercise-8"]).lstm_forward(xs, h0, c0, params)
    dxs, dh0, dc0, dparams = reference.lstm_backward(dhs, dc_last, xs, trace, params)

    def loss(ops: Any, xs: Any, h: Any, c: Any, *params: Any) -> Any:
        total = 0
        for x, dh in zip(xs, dhs, strict=True):
            h, c = lstm_step(ops, x, h, c, params)
            total = total + (ops.constant(dh) * h).sum()
        return total + (ops.constant(dc_last) * c).sum()

    return Case(loss, [xs, h0, c0, *params], [dxs, dh0, dc0, *dparams])


def language_model(course: Course, rng: np.random.Generator) -> Case:
    reference = load_reference(course["exercise-12"])
    params = reference.RNNParams(draw(rng, H, V), draw(rng, H, H), draw(rng, H, 1))
    Why, by, h0 = draw(rng, V, H), draw(rng, V, 1), draw(rng, H, N)
    inputs, targets = rng.integers(V, size=(T, N)), rng.integers(V, size=(T, N))
    value, dparams, dWhy, dby, _ = reference.language_model_loss(inputs, targets, h0, params, Why, by)

    def loss(ops: Any, Why: Any, by: Any, *params: Any) -> Any:
        xs = [ops.constant(np.eye(V)[:, symbols]) for symbols in inputs]
        states = rnn_states(ops, xs, ops.constant(h0), *params)
        rights = [np.eye(V)[:, symbols] for symbols in targets]
        return sum(cross_entropy(ops, Why @ h + by, right) for h, right in zip(states, rights, strict=True))

    assert relative_error(np.array(value), np.array(loss(NUMPY, Why, by, *params))) <= EXACT
    return Case(loss, [Why, by, *params], [dWhy, dby, *dparams])


def gru(course: Course, rng: np.random.Generator, *, after: bool) -> Case:
    reference = load_reference(course["exercise-12"])
    params = gru_params(reference, rng)
    x, h_prev, dh = draw(rng, D, N), draw(rng, H, N), draw(rng, H, N)
    _, gates = reference.gru_step_forward(x, h_prev, params, after)
    dx, dh_prev, dparams = reference.gru_step_backward(dh, x, h_prev, gates, params, after)

    def loss(ops: Any, x: Any, h: Any, *params: Any) -> Any:
        return (ops.constant(dh) * gru_step(ops, x, h, params, after=after)).sum()

    return Case(loss, [x, h_prev, *params], [dx, dh_prev, *dparams])


def gru_params(reference: types.ModuleType, rng: np.random.Generator) -> Any:
    shapes = [(H, D)] * 3 + [(H, H)] * 3 + [(H, 1)] * 4
    return reference.GRUParams(*(draw(rng, *shape) for shape in shapes))


def uneven(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the lengths of N sequences, and their mask by a loop of its own."""
    lengths = np.array([T, *rng.integers(1, T, N - 1)])
    return lengths, np.array([[float(t < length) for length in lengths] for t in range(T)])


def masked_loss(course: Course, rng: np.random.Generator) -> Case:
    """Each real step is a loss of its own here, of a batch of one."""
    reference, (_, mask) = load_reference(course["exercise-15"]), uneven(rng)
    ys, targets = draw(rng, T, V, N), rng.integers(V, size=(T, N))
    value, dys = reference.masked_cross_entropy(ys, np.where(mask == 1, targets, -1), mask)

    def loss(ops: Any, ys: Any) -> Any:
        real = [(t, n) for t in range(T) for n in range(N) if mask[t, n]]
        return sum(
            cross_entropy(ops, ys[t][:, n : n + 1], np.eye(V)[:, [targets[t, n]]]) for t, n in real
        ) / len(real)

    assert relative_error(np.array(value), np.array(loss(NUMPY, ys))) <= EXACT
    return Case(loss, [ys], [dys])


def masked_rnn(course: Course, rng: np.random.Generator) -> Case:
    """A step of padding is no step of the judge: each sequence is read alone, without the steps left out."""
    reference = load_reference(course["exercise-15"])
    mask = rng.permutation(np.array([[1.0, 0.0]] * 3 + [[1.0, 1.0]] * 2 + [[0.0, 1.0]] * 2))
    params = reference.RNNParams(draw(rng, H, D), draw(rng, H, H), draw(rng, H, 1))
    xs, h0, dhs = draw(rng, T, D, N), draw(rng, H, N), draw(rng, T, H, N)
    hs = reference.masked_rnn_forward(xs, mask, h0, params)
    dxs, dh0, dparams = reference.masked_rnn_backward(dhs, xs, hs, mask, params)

    def loss(ops: Any, xs: Any, h0: Any, *params: Any) -> Any:
        total = 0
        for n in range(N):
            h = h0[:, n : n + 1]
            for t in range(T):
                if mask[t, n]:
                    (h,) = rnn_states(ops, [xs[t][:, n : n + 1]], h, *params)
                total = total + (ops.constant(dhs[t][:, n : n + 1]) * h).sum()
        return total

    return Case(loss, [xs, h0, *params], [dxs, dh0, *dparams])


def last_states(course: Course, rng: np.random.Generator) -> Case:
    reference, (lengths, _) = load_reference(course["exercise-15"]), uneven(rng)
    hs, dh_last = draw(rng, T + 1, H, N), draw(rng, H, N)
    dhs = reference.last_states_backward(dh_last, lengths, T)

    def loss(ops: Any, new: Any) -> Any:
        picked = [new[length - 1][:, n : n + 1] for n, length in enumerate(lengths)]
        return sum((ops.constant(dh_last[:, n : n + 1]) * h).sum() for n, h in enumerate(picked))

    at_the_ends = (dh_last * reference.last_states(hs, lengths)).sum()
    assert relative_error(at_the_ends, np.array(loss(NUMPY, hs[1:]))) <= EXACT
    return Case(loss, [hs[1:]], [dhs])


def truncated(course: Course, rng: np.random.Generator, starts: Sequence[int], *, windows: bool) -> Case:
    """The judge cuts by starting anew from the reference's state, which is a constant to it.

    Args:
        starts: for every step, at which step the way back of its loss ends.
        windows: whether they are those of windows of 3 steps; of chunks of 3 otherwise.
    """
    reference, params, xs, _, hs = rnn_parts(course, "exercise-16", rng)
    dhs = draw(rng, T, H, N)
    way = reference.backward_in_windows if windows else reference.backward_in_chunks

    def loss(ops: Any, *params: Any) -> Any:
        total = 0
        for t, start in enumerate(starts):
            read = [ops.constant(x) for x in xs[start : t + 1]]
            states = rnn_states(ops, read, ops.constant(hs[start]), *params)
            total = total + (ops.constant(dhs[t]) * states[-1]).sum()
        return total

    return Case(loss, list(params), list(way(dhs, xs, hs, params, 3)))


def characters(course: Course, rng: np.random.Generator) -> Case:
    reference = load_reference(course["exercise-17"])
    shapes = [(H, H + V)] * 4 + [(H, 1)] * 4 + [(V, H), (V, 1)]
    arrays = [draw(rng, *shape) for shape in shapes]
    h0, c0 = draw(rng, H, N), draw(rng, H, N)
    inputs, targets = rng.integers(V, size=(2, T, N))
    model = reference.Model(reference.LSTMParams(*arrays[:8]), reference.OutputParams(*arrays[8:]))
    value, grads, *_ = reference.chunk_loss(inputs, targets, h0, c0, model)

    def loss(ops: Any, *arrays: Any) -> Any:
        h, c, total = ops.constant(h0), ops.constant(c0), 0
        for symbols, right in zip(inputs, targets, strict=True):
            h, c = lstm_step(ops, ops.constant(np.eye(V)[:, symbols]), h, c, arrays[:8])
            total = total + cross_entropy(ops, arrays[8] @ h + arrays[9], np.eye(V)[:, right]) / T
        return total

    assert relative_error(np.array(value), np.array(loss(NUMPY, *arrays))) <= EXACT
    alone = np.zeros((H, 1)), np.zeros((H, 1))
    read = reference.chunk_loss(inputs[:, :1], np.roll(inputs[:, :1], -1, axis=0), *alone, model)
    text = np.append(inputs[:, 0], inputs[0, 0])
    assert reference.perplexity(text, model) == pytest.approx(np.exp(read[0]), rel=EXACT)
    return Case(loss, arrays, [*grads.params, *grads.output])


def make(name: str, course: Course) -> Case:
    rng = np.random.default_rng(7)
    makers: dict[str, Callable[[Course, np.random.Generator], Case]] = {
        "rnn-step": rnn_step,
        "output": output,
        "softmax": softmax,
        "binary": binary,
        "rnn": rnn,
        "bptt-norms": bptt_norms,
        "lstm-step": lstm_one,
        "lstm": lstm,
        "language-model": language_model,
        "gru-before": lambda course, rng: gru(course, rng, after=False),
        "gru-after": lambda course, rng: gru(course, rng, after=True),
        "masked-loss": masked_loss,
        "masked-rnn": masked_rnn,
        "last-states": last_states,
        "characters": characters,
        "chunks": lambda course, rng: truncated(course, rng, (0, 0, 0, 3, 3, 3, 6), windows=False),
        "windows": lambda course, rng: truncated(course, rng, (0, 0, 0, 1, 2, 3, 4), windows=True),
    }
    return makers[name](course, rng)


# --- the judges of gradients --------------------------------------------------------------------------


def numpy_like(library: Any) -> types.SimpleNamespace:
    names = {name: getattr(library, name) for name in ("tanh", "exp", "log")}
    return types.SimpleNamespace(cat=library.concatenate, constant=lambda a: a, **names)


NUMPY = numpy_like(np)


def by_complex_step(case: Case, which: int) -> Array:
    def loss(one: Array) -> complex:
        return complex(case.loss(NUMPY, *case.inputs[:which], one, *case.inputs[which + 1 :]))

    return complex_step_gradient(loss, case.inputs[which])


def by_autograd(case: Case, which: int) -> Array:
    autograd = pytest.importorskip("autograd", reason="HIPS autograd is not installed")
    ops = numpy_like(pytest.importorskip("autograd.numpy"))
    return np.asarray(autograd.grad(lambda *inputs: case.loss(ops, *inputs), which)(*case.inputs))


def by_torch(case: Case, which: int) -> Array:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is no dependency of the course")
    names = {name: getattr(torch, name) for name in ("tanh", "exp", "log", "cat")}
    ops = types.SimpleNamespace(constant=torch.tensor, **names)
    inputs = [torch.tensor(one, requires_grad=number == which) for number, one in enumerate(case.inputs)]
    case.loss(ops, *inputs).backward()
    return np.asarray(inputs[which].grad)


@pytest.mark.parametrize("judge", [by_complex_step, by_autograd, by_torch])
@pytest.mark.parametrize("name", CASES)
def test_every_gradient_agrees(
    course: Course, name: str, judge: Callable[[Case, int], Array], capsys: pytest.CaptureFixture[str]
) -> None:
    case = make(name, course)
    errors = []
    for which, gradient in enumerate(case.gradients):
        if gradient is not None:
            judged = judge(case, which)
            judged = np.array(np.linalg.norm(judged)) if gradient.shape == () else judged
            errors.append(relative_error(gradient, judged))
    with capsys.disabled():
        print(f"\n  {name:<16}{judge.__name__:<18}{max(errors):.1e} over {len(errors)} gradients", end="")
    assert max(errors) <= EXACT


@pytest.mark.parametrize("name", CASES)
def test_the_judge_sees_a_wrong_gradient(course: Course, name: str) -> None:
    case = make(name, course)
    wrong = 1.001 * np.asarray(case.gradients[0])
    judged = by_complex_step(case, 0)
    judged = np.array(np.linalg.norm(judged)) if wrong.shape == () else judged
    assert relative_error(wrong, judged) > 1e-5


def test_gradient_norms_agree_at_every_step(course: Course) -> None:
    reference, params, xs, _, hs = rnn_parts(course, "exercise-6", np.random.default_rng(11))
    dh_last = draw(np.random.default_rng(12), H, N)
    norms = reference.gradient_norms(dh_last, hs, params)
    for t in range(T):

        def loss(h: Array, start: int = t) -> complex:
            return complex((dh_last * rnn_states(NUMPY, xs[start:], h, *params)[-1]).sum())

        judged = np.linalg.norm(complex_step_gradient(loss, hs[t]))
        assert relative_error(np.array(norms[t]), np.array(judged)) <= EXACT
    assert norms[T] == np.linalg.norm(dh_last)


# --- the judge of forward passes ----------------------------------------------------------------------


def by_onnx(
    kind: str, weights: dict[str, Array], xs: Array, states: dict[str, Array], **attributes: Any
) -> list[Array]:
    """Run one recurrent layer of ONNX, in float32, which has a batch before the features."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    helper, outputs = onnx.helper, {"LSTM": ["Y", "Y_h", "Y_c"]}.get(kind, ["Y", "Y_h"])
    names = ["X", "W", "R", "B", "", *states]
    node = helper.make_node(kind, names, outputs, hidden_size=H, **attributes)
    feeds = {"X": xs.transpose(0, 2, 1), **weights, **{k: v.T[None] for k, v in states.items()}}
    feeds = {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in feeds.items()}
    known = [helper.make_tensor_value_info(name, 1, value.shape) for name, value in feeds.items()]
    given = [helper.make_tensor_value_info(name, 1, None) for name in outputs]
    graph = helper.make_graph([node], "layer", known, given)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[Array] = session.run(None, feeds)
    return found


def compared(name: str, mine: Array, theirs: Array, capsys: pytest.CaptureFixture[str]) -> None:
    error = relative_error(mine, theirs.astype(np.float64))
    with capsys.disabled():
        print(f"\n  {name:<24}onnxruntime {error:.1e}", end="")
    assert error <= SINGLE


def test_the_rnn_agrees_with_onnxruntime(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    reference, params, xs, h0, _ = rnn_parts(course, "exercise-2", np.random.default_rng(8))
    bias = np.concatenate([params.bh.ravel(), np.zeros(H)])
    weights = {"W": params.Wxh[None], "R": params.Whh[None], "B": bias[None]}
    Y, *_ = by_onnx("RNN", weights, xs, {"H": h0})
    hs = reference.rnn_forward(xs, h0, params)
    compared("rnn_forward", hs[1:], Y[:, 0].transpose(0, 2, 1), capsys)
    step = load_reference(course["exercise-1"]).rnn_step_forward(xs[0], h0, params)
    compared("rnn_step_forward", step, Y[0, 0].T, capsys)


def test_the_lstm_agrees_with_onnxruntime(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(9)
    reference = load_reference(course["exercise-8"])
    params = lstm_params(reference, rng)
    xs, h0, c0 = draw(rng, T, D, N), draw(rng, H, N), draw(rng, H, N)
    order = [(params.Wi, params.bi), (params.Wo, params.bo), (params.Wf, params.bf), (params.WC, params.bC)]
    weights = {
        "W": np.concatenate([W[:, H:] for W, _ in order])[None],
        "R": np.concatenate([W[:, :H] for W, _ in order])[None],
        "B": np.concatenate([*(b.ravel() for _, b in order), np.zeros(4 * H)])[None],
    }
    Y, _, Y_c = by_onnx("LSTM", weights, xs, {"H": h0, "C": c0})
    trace = reference.lstm_forward(xs, h0, c0, params)
    compared("lstm_forward hs", trace.hs[1:], Y[:, 0].transpose(0, 2, 1), capsys)
    compared("lstm_forward cs", trace.cs[-1], Y_c[0].T, capsys)
    h, _, _ = load_reference(course["exercise-7"]).lstm_step_forward(xs[0], h0, c0, params)
    compared("lstm_step_forward", h, Y[0, 0].T, capsys)


@pytest.mark.parametrize("after", [False, True])
def test_both_forms_of_the_gru_agree_with_onnxruntime(
    course: Course, after: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(10)
    reference = load_reference(course["exercise-12"])
    p = gru_params(reference, rng)
    xs, h0 = draw(rng, T, D, N), draw(rng, H, N)
    weights = {
        "W": np.concatenate([p.Wxu, p.Wxr, p.Wxg])[None],
        "R": np.concatenate([p.Whu, p.Whr, p.Whg])[None],
        "B": np.concatenate([*(b.ravel() for b in (p.bu, p.br, p.bg)), np.zeros(2 * H), p.bhg.ravel()])[None],
    }
    Y, *_ = by_onnx("GRU", weights, xs, {"H": h0}, linear_before_reset=int(after))
    h = h0
    for t in range(T):
        h, _ = reference.gru_step_forward(xs[t], h, p, after)
        compared(f"gru_step_forward {t}", h, Y[t, 0].T, capsys)


def test_where_a_judge_is_missing_it_is_only_torch() -> None:
    """The test extra brings the others along; a judge that is never there judges nothing."""
    assert all(map(importlib.util.find_spec, ("autograd", "onnx", "onnxruntime")))


def test_gradient_checks_agree_with_the_complex_step(course: Course) -> None:
    reference, rng = load_reference(course["exercise-13"]), np.random.default_rng(5)
    for _ in range(20):
        W, b, v = rng.standard_normal((5, 4)), rng.standard_normal(5), rng.standard_normal(5)
        f, x = reference.Network(W, b, v, 0.5, "tanh"), rng.standard_normal((2, 2))

        def loss(x: Array, parts: tuple[Array, Array, Array] = (W, b, v)) -> complex:
            return complex(parts[2] @ np.tanh(parts[0] @ x.ravel() + parts[1]))

        exact = complex_step_gradient(loss, x)
        step = reference.step_size(x, float(np.finfo(np.float64).eps))
        assert relative_error(reference.numerical_gradient(f, x, step), exact) <= 1e-8
        backward = reference.Backward(f, W.T.copy(), np.array([1.0, 0.0, -1.0]), 1e9)
        assert relative_error(backward(x), exact) <= EXACT
        assert reference.check_gradient(f, backward, x) <= 1e-8
        long = backward._replace(M=1.0001 * backward.M)
        assert reference.check_gradient(f, long, x) == pytest.approx(5e-5, rel=0.01)
        assert reference.relative_error(x, exact) == pytest.approx(relative_error(x, exact), rel=1e-12)
        assert np.abs(reference.slope_jumps(f, x, step)).max() < 1e-3
    kink = reference.Network(np.eye(2), np.zeros(2), np.array([2.0, -3.0]), 0.0, "relu")
    assert reference.slope_jumps(kink, np.zeros(2), 1e-3) == pytest.approx([2, -3])
    assert reference.numerical_gradient(kink, np.zeros(2), 1e-3) == pytest.approx([1, -1.5])
