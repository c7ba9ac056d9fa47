"""Training: two optimisers, and the loop around them for an RNN and for an LSTM.

Sources: the chapter's toy data (section 4.1); Kingma and Ba, "Adam: a method for stochastic optimization"
(2015), algorithm 1; Hochreiter and Schmidhuber, "Long short-term memory" (1997), experiment 4, for the
adding problem.
"""

from typing import NamedTuple, TypeVar

import bptt
import losses
import lstm_bptt
import lstm_sequence
import numpy as np
import rnn_sequence

BETA1 = 0.9  # how much of the mean gradient an Adam step keeps
BETA2 = 0.999  # how much of the mean square
EPSILON = 1e-8  # keeps a division by zero away


class RNNParams(NamedTuple):
    """Weights and bias of a recurrence, for D inputs and H hidden units; also their gradients."""

    Wxh: np.ndarray  # (H, D) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


class LSTMParams(NamedTuple):
    """Weights and biases of an LSTM, for D inputs and H hidden units; also their gradients."""

    Wf: np.ndarray  # (H, H + D) forget gate
    Wi: np.ndarray  # (H, H + D) input gate
    WC: np.ndarray  # (H, H + D) candidate
    Wo: np.ndarray  # (H, H + D) output gate
    bf: np.ndarray  # (H, 1)
    bi: np.ndarray  # (H, 1)
    bC: np.ndarray  # (H, 1)
    bo: np.ndarray  # (H, 1)


class OutputParams(NamedTuple):
    """Weights and bias of an output layer; also their gradients."""

    W: np.ndarray  # (O, H) hidden to output
    b: np.ndarray  # (O, 1) output bias


Params = TypeVar("Params", RNNParams, LSTMParams, OutputParams)  # any of them, and the result is of that kind


class AdamState(NamedTuple):
    """What Adam remembers between two steps; m and v hold one array for each array of the parameters."""

    m: tuple[np.ndarray, ...]  # running means of the gradients
    v: tuple[np.ndarray, ...]  # running means of their squares
    t: int  # steps taken so far


def adam_start(params: Params) -> AdamState:
    """Return the state before the first step: nothing seen yet. This function is given, use it.

    Args:
        params: a named tuple of arrays.
    """
    m, v = (type(params)(*(np.zeros_like(p) for p in params)) for _ in range(2))
    return AdamState(m, v, 0)


def report(step: int, loss: float) -> None:
    """Print the loss of every 20th step, so that a long training shows a sign of life. Given as well."""
    if step > 0 and step % 20 == 0:
        print(f"step {step}  loss {loss:.4f}", flush=True)


def sgd_step(params: Params, grads: Params, lr: float) -> Params:
    """Take one step of gradient descent.

    Args:
        params: a named tuple of arrays of any shapes: RNNParams, LSTMParams, OutputParams or another.
        grads: the gradient of each, in the same order.
        lr: learning rate, how long the step is.

    Returns:
        params: new arrays, in a named tuple of the same kind.
    """
    # TODO: move every array a little way against its gradient, into an array of its own.
    return type(params)(*(p - lr * g for p, g in zip(params, grads, strict=True)))


def adam_step(params: Params, grads: Params, state: AdamState, lr: float) -> tuple[Params, AdamState]:
    """Take one step of Adam, with BETA1, BETA2 and EPSILON from above.

    Args:
        params: a named tuple of arrays of any shapes: RNNParams, LSTMParams, OutputParams or another.
        grads: the gradient of each, in the same order.
        state: what the step before returned, or ``adam_start(params)``.
        lr: learning rate.

    Returns:
        params: new arrays, in a named tuple of the same kind.
        state: the new means, in named tuples of the same kind as params, and one more step counted.
    """
    # TODO: count the step, update both means, and divide one by the root of the other, both corrected.
    same_kind = type(params)
    t = state.t + 1
    m = same_kind(*(BETA1 * m + (1 - BETA1) * g for m, g in zip(state.m, grads, strict=True)))
    v = same_kind(*(BETA2 * v + (1 - BETA2) * g**2 for v, g in zip(state.v, grads, strict=True)))
    moved = []
    for p, mean, square in zip(params, m, v, strict=True):
        mean_hat = mean / (1 - BETA1**t)
        square_hat = square / (1 - BETA2**t)
        moved.append(p - lr * mean_hat / (np.sqrt(square_hat) + EPSILON))
    return same_kind(*moved), AdamState(m, v, t)


def train_toy(
    xs: np.ndarray,
    targets: np.ndarray,
    params: RNNParams,
    Why: np.ndarray,
    by: np.ndarray,
    lr: float,
    steps: int,
) -> tuple[RNNParams, np.ndarray, np.ndarray, np.ndarray]:
    """Train a recurrent network to answer yes or no after the last input, by gradient descent.

    Every step uses all N sequences, starts reading from a hidden state of zeros, and takes the binary
    cross-entropy of the output after the last input.

    Args:
        xs: (T, D, N) the inputs, time first.
        targets: (N,) for each sequence its label, the integer 0 or 1.
        params: weights and bias of the recurrence to start from.
        Why: (1, H) hidden to output, to start from.
        by: (1, 1) output bias, to start from.
        lr: learning rate.
        steps: how many steps to take.

    Returns:
        params: the trained weights and bias of the recurrence, in new arrays.
        Why: (1, H) trained.
        by: (1, 1) trained.
        losses: (steps,) the loss at each step, before the parameters move.
    """
    T, _, N = xs.shape
    H = params.Whh.shape[0]
    curve = np.zeros(steps)  # `losses` is the name of a module here
    # TODO: each step: read, answer, loss, gradient back through output and time, and one step of SGD.
    for step in range(steps):
        hs = rnn_sequence.rnn_forward(xs, np.zeros((H, N)), params)  # (T + 1, H, N)
        y = rnn_sequence.output_forward(hs[-1], Why, by)  # (1, N)
        loss, dy = losses.binary_cross_entropy(y, targets)
        curve[step] = loss
        report(step, loss)
        dhs = np.zeros((T, H, N))
        dhs[-1], dWhy, dby = losses.output_backward(dy, hs[-1], Why)
        _, _, dparams = bptt.rnn_backward(dhs, xs, hs, params)
        params = sgd_step(params, dparams, lr)
        Why, by = sgd_step(OutputParams(Why, by), OutputParams(dWhy, dby), lr)
    return params, Why, by, curve


def train_adding(
    xs: np.ndarray,
    targets: np.ndarray,
    params: LSTMParams,
    Wy: np.ndarray,
    by: np.ndarray,
    lr: float,
    max_norm: float,
) -> tuple[LSTMParams, np.ndarray, np.ndarray, np.ndarray]:
    """Train an LSTM to answer with a number after the last input, by Adam with a clipped gradient.

    Every step uses a batch of its own, starts reading from h and c of zeros, and takes the mean over the
    batch of the squared error of the output. The output reads the last h. If the norm of the gradient of all
    parameters together, Wy and by among them, is above max_norm, all of it is scaled down to that norm.

    Args:
        xs: (S, T, D, N) a batch of N sequences for each of S steps.
        targets: (S, N) the number to answer with.
        params: weights and biases of the LSTM to start from.
        Wy: (1, H) hidden to output, to start from.
        by: (1, 1) output bias, to start from.
        lr: learning rate of Adam.
        max_norm: largest norm that the whole gradient may keep.

    Returns:
        params: the trained weights and biases of the LSTM, in new arrays.
        Wy: (1, H) trained.
        by: (1, 1) trained.
        losses: (S,) the loss of each batch, before the parameters move.
    """
    S, T, _, N = xs.shape
    H = params.bf.shape[0]
    curve = np.zeros(S)  # `losses` is the name of a module here
    # TODO: each step: read, answer, squared error, gradient back, clip over everything, one step of Adam.
    output = OutputParams(Wy, by)
    state, output_state = adam_start(params), adam_start(output)
    zeros = np.zeros((H, N))
    for step in range(S):
        trace = lstm_sequence.lstm_forward(xs[step], zeros, zeros, params)
        h = trace.hs[-1]  # (H, N)
        error = rnn_sequence.output_forward(h, output.W, output.b) - targets[step]  # (1, N)
        curve[step] = np.mean(error**2)
        report(step, curve[step])
        dhs = np.zeros((T, H, N))
        dhs[-1], dWy, dby = losses.output_backward(2 * error / N, h, output.W)
        *_, dparams = lstm_bptt.lstm_backward(dhs, zeros, xs[step], trace, params)
        norm = np.sqrt(sum(np.sum(g**2) for g in (*dparams, dWy, dby)))
        factor = max_norm / max(norm, max_norm)
        clipped = LSTMParams(*(factor * g for g in dparams))
        params, state = adam_step(params, clipped, state, lr)
        output, output_state = adam_step(output, OutputParams(factor * dWy, factor * dby), output_state, lr)
    return params, *output, curve
