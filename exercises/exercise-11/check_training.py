"""Visible checks of exercise-11. A check's first sentence is what the grader shows."""

import itertools
from collections import namedtuple

import numpy as np
import pytest

from grader.numeric import assert_close, unpack

T, H, D, N = 7, 5, 3, 2
DRIFT = 1e-4  # of a loss, relative: forms of the right code differ by 1e-12, float32 by 1e-6

RNN_PARTS = (
    "exercise-2.rnn_forward",
    "exercise-2.output_forward",
    "exercise-4.binary_cross_entropy",
    "exercise-4.output_backward",
    "exercise-5.rnn_backward",
)
LSTM_PARTS = (
    "exercise-2.output_forward",
    "exercise-4.output_backward",
    "exercise-8.lstm_forward",
    "exercise-10.lstm_backward",
)
TOY = "params", "Why", "by", "losses"
ADDING = "params", "Wy", "by", "losses"
Pair = namedtuple("Pair", "one two")  # a kind of parameters that no module knows


def draw_like(params, rng, scale=1.0):
    """Draw an array for each array of a named tuple."""
    return type(params)(*(scale * rng.standard_normal(p.shape) for p in params))


def draw_rnn(rng, reference, H=H, D=D):
    """Draw a recurrence and an output layer with one output, of order 1."""
    shapes = reference.RNNParams(np.empty((H, D)), np.empty((H, H)), np.empty((H, 1)))
    return draw_like(shapes, rng, 0.6), 0.6 * rng.standard_normal((1, H)), 0.6 * rng.standard_normal((1, 1))


def draw_lstm(rng, reference, H=H, D=D):
    """Draw an LSTM and an output layer with one output, of order 1."""
    weights, biases = [np.empty((H, H + D))] * 4, [np.empty((H, 1))] * 4
    params = draw_like(reference.LSTMParams(*weights, *biases), rng, 0.6)
    return params, 0.6 * rng.standard_normal((1, H)), 0.6 * rng.standard_normal((1, 1))


def draw_kinds(rng, reference):
    """Draw parameters of every kind."""
    output = reference.OutputParams(np.empty((4, H)), np.empty((4, 1)))
    pair = Pair(np.empty((2, 3, 4)), np.empty(6))
    return *(draw_like(one, rng) for one in (output, pair)), draw_lstm(rng, reference)[0]


def adding_problem(rng, S, T, N):
    """Draw S batches: two numbers of each sequence are marked, one in each half; the target is their sum."""
    xs = np.zeros((S, T, 2, N))
    xs[:, :, 0] = rng.uniform(size=(S, T, N))
    batch, column = np.ogrid[:S, :N]
    for first, last in ((0, T // 2), (T // 2, T)):
        xs[batch, rng.uniform(first, last, (S, N)).astype(int), 1, column] = 1
    return xs, (xs[:, :, 0] * xs[:, :, 1]).sum(axis=1)


def long_memory(rng, reference, H, T):
    """Draw an LSTM whose forget gates begin with memories of 1 to T steps, and an output layer."""
    bound = 1 / np.sqrt(H)
    weights = [rng.uniform(-bound, bound, (H, H + 2)) for _ in range(4)]
    bf = np.log(rng.uniform(1, T - 1, (H, 1)))
    params = reference.LSTMParams(*weights, bf, -bf, np.zeros((H, 1)), np.zeros((H, 1)))
    return params, rng.uniform(-bound, bound, (1, H)), np.zeros((1, 1))


def compare_losses(losses, right, at):
    """Compare two curves: type and shape first, then the first loss that is wrong, if there is one."""
    assert_close(losses, right, f"losses{at}", rtol=0, atol=np.inf)
    first = int(np.argmax(np.abs(losses - right) > DRIFT * right + 1e-9))
    where = "before anything has moved" if first == 0 else "the first to be wrong"
    assert_close(float(losses[first]), right[first], f"losses[{first}]{at}, {where},", rtol=DRIFT)


def usable(trained, start, names):
    """Return what training returned as it was handed in: of those kinds and shapes, and finite."""
    for name, got, right in zip(names, trained, start):
        assert_close(got, right, name, rtol=0, atol=np.inf)
    params, *output = trained
    return type(start[0])(*unpack(params, *start[0]._fields)), *output


def sigmoid(z):
    """Squash to between 0 and 1."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def last_state_of_lstm(xs, params):
    """Read a batch from zeros; return the last h."""
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    h = c = np.zeros((bf.shape[0], xs.shape[2]))
    for x in xs:
        z = np.vstack([h, x])
        c = sigmoid(Wf @ z + bf) * c + sigmoid(Wi @ z + bi) * np.tanh(WC @ z + bC)
        h = sigmoid(Wo @ z + bo) * np.tanh(c)
    return h


@pytest.mark.credits(1)
def check_sgd_step_values(student, reference, rng):
    """Five steps of sgd_step take every array, in any kind of named tuple, where they should."""
    for params in draw_kinds(rng, reference):
        for step in range(1, 6 if type(params) is Pair else 2):
            grads, lr = draw_like(params, rng), rng.uniform(0.1, 1)
            moved = reference.sgd_step(params, grads, lr)
            assert_close(student.sgd_step(params, grads, lr), moved, f"params after step {step}")
            params = moved


@pytest.mark.credits(1)
def check_adam_step_values(student, reference, rng):
    """Five steps of adam_step give the right state and parameters; so does one along a tiny gradient."""
    for params in draw_kinds(rng, reference):
        state, lr = reference.adam_start(params), rng.uniform(0.1, 1)
        for step in range(1, 6 if type(params) is Pair else 2):
            arguments = (params, draw_like(params, rng, rng.uniform(0.1, 3)), state, lr)
            new_params, new_state = unpack(student.adam_step(*arguments), "params", "state")
            params, state = reference.adam_step(*arguments)
            assert_close(new_state, state, f"state after step {step}")
            assert_close(new_params, params, f"params after step {step}")
    grads = draw_like(params, rng, 1e-8)
    grads = grads._replace(bo=0 * grads.bo)
    arguments = (params, grads, reference.adam_start(params), 1.0)
    new_params, _ = unpack(student.adam_step(*arguments), "params", "state")
    assert_close(new_params, reference.adam_step(*arguments)[0], "params after a gradient of 0 or 1e-8")


@pytest.mark.credits(1)
@pytest.mark.lend("sgd_step")
@pytest.mark.builds_on(*RNN_PARTS)
def check_train_toy_losses(student, reference, rng):
    """The first 20 losses of train_toy are right, also for one step of time and one input."""
    for T, H, D, N, steps in ((7, 5, 3, 2, 20), (1, 4, 1, 3, 5)):
        data = rng.standard_normal((T, D, N)), rng.permutation(np.arange(N) % 2)
        arguments = (*data, *draw_rnn(rng, reference, H, D), rng.uniform(0.3, 1), steps)
        *_, losses = unpack(student.train_toy(*arguments), *TOY)
        *_, right = reference.train_toy(*arguments)
        compare_losses(losses, right, f" with T={T}, H={H}, D={D}, N={N}")


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_train_toy_losses")
@pytest.mark.lend("sgd_step")
@pytest.mark.builds_on(*RNN_PARTS)
def check_train_toy_learns(student, reference, rng):
    """200 steps of train_toy, taken 20 at a time, teach it to remember the first of four bits."""
    xs = np.array(list(itertools.product((0.0, 1.0), repeat=4))).T[:, np.newaxis]  # (4, 1, 16)
    targets = xs[0, 0].astype(int)
    always_the_same = np.random.RandomState(1)  # since a few draws take much longer, with right code
    start = draw_rnn(always_the_same, reference, H=6, D=1)
    trained = start
    for _ in range(10):
        *trained, _ = unpack(student.train_toy(xs, targets, *trained, 1.0, 20), *TOY)
        params, Why, by = trained = usable(trained, start, TOY)
    h = np.zeros((6, 16))
    for x in xs:
        h = np.tanh(params.Wxh @ x + params.Whh @ h + params.bh)
    loss = np.logaddexp(0, (1 - 2 * targets) * (Why @ h + by)).mean()
    assert loss < 0.01, f"the parameters of the last call have a loss of {loss:.3f}; it should be below 0.01"


@pytest.mark.credits(1)
@pytest.mark.lend("adam_step")
@pytest.mark.builds_on(*LSTM_PARTS)
def check_train_adding_losses(student, reference, rng):
    """The first 20 losses of train_adding are right: some gradients are clipped, others are not."""
    for S, T, H, D, N in ((20, 7, 5, 3, 2), (5, 1, 4, 1, 3)):
        loudness = rng.permutation(np.geomspace(0.1, 10, S))[:, np.newaxis]
        data = rng.standard_normal((S, T, D, N)), loudness * rng.standard_normal((S, N))
        arguments = (*data, *draw_lstm(rng, reference, H, D), 0.05, 1.0)
        *_, losses = unpack(student.train_adding(*arguments), *ADDING)
        *_, right = reference.train_adding(*arguments)
        compare_losses(losses, right, f" with S={S}, T={T}, H={H}, D={D}, N={N}")


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_train_adding_losses")
@pytest.mark.lend("adam_step")
@pytest.mark.builds_on(*LSTM_PARTS)
def check_train_adding_learns(student, reference, rng):
    """160 steps of train_adding teach it to add two numbers that lie up to 39 steps back."""
    S, T, H, N = 160, 40, 8, 16
    always_the_same = np.random.RandomState(135)  # since most draws take longer, up to 400 steps
    start = long_memory(always_the_same, reference, H, T)
    batches = adding_problem(always_the_same, S, T, N)
    *trained, _ = unpack(student.train_adding(*batches, *start, 0.03, 1.0), *ADDING)
    params, Wy, by = usable(trained, start, ADDING)
    xs, targets = adding_problem(rng, 1, T, 500)
    error = np.mean((Wy @ last_state_of_lstm(xs[0], params) + by - targets) ** 2)
    assert error < 0.03, (
        f"on fresh sequences the mean squared error of what you return is {error:.3f}; it should be below "
        "0.03. (Answering 1 to every sequence costs 0.167; a fault in `adam_step` shows here, too.)"
    )
