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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError
