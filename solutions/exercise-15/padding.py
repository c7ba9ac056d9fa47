"""Sequences of different lengths in one batch: padding, masks, and the state that was last real."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for D inputs and H hidden units; also their gradients."""

    Wxh: np.ndarray  # (H, D) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


def pad(sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Put N sequences of different lengths into one array, with zeros behind those that end early.

    Args:
        sequences: N arrays, each (T_n, D) with a length T_n of its own, at least 1; in any order.

    Returns:
        xs: (T, D, N) the padded batch, in the same order; T is the largest of the lengths.
        lengths: (N,) integers, the lengths T_n.
    """
    N, D = len(sequences), sequences[0].shape[1]
    # TODO: measure all of them, then lay each one into its column of zeros.
    lengths = np.array([len(sequence) for sequence in sequences])
    xs = np.zeros((lengths.max(), D, N))
    for n, sequence in enumerate(sequences):
        xs[: lengths[n], :, n] = sequence
    return xs, lengths


def step_mask(lengths: np.ndarray, T: int) -> np.ndarray:
    """Say of every step of every sequence whether it is real.

    Args:
        lengths: (N,) integers from 1 to T, how long each sequence is.
        T: how many steps the padded batch has.

    Returns:
        mask: (T, N) 1.0 at the real steps of each sequence, 0.0 at the padding behind them.
    """
    # TODO: number the steps, and compare each number with each length.
    steps = np.arange(T)[:, np.newaxis]  # (T, 1)
    return np.where(steps < lengths, 1.0, 0.0)


def last_states(hs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Pick the state of each sequence after its last real step.

    Args:
        hs: (T + 1, H, N) the states, hs[0] from before the first step.
        lengths: (N,) integers from 1 to T.

    Returns:
        h_last: (H, N) in column n the state of sequence n after lengths[n] steps.
    """
    N = hs.shape[2]
    # TODO: each column has a step of its own.
    picked = [hs[lengths[n], :, n] for n in range(N)]
    return np.stack(picked, axis=1)


def last_states_backward(dh_last: np.ndarray, lengths: np.ndarray, T: int) -> np.ndarray:
    """Send a gradient at the picked states back to the steps that they were picked from.

    Args:
        dh_last: (H, N) gradient of the loss with respect to what last_states returned.
        lengths: (N,) integers from 1 to T.
        T: how many steps the padded batch has.

    Returns:
        dhs: (T, H, N) what the loss sends to each new state: dhs[t] belongs to hs[t + 1].
    """
    H, N = dh_last.shape
    # TODO: zeros, but for one step in each column.
    dhs = np.zeros((T, H, N))
    for n in range(N):
        dhs[lengths[n] - 1, :, n] = dh_last[:, n]
    return dhs


def masked_cross_entropy(ys: np.ndarray, targets: np.ndarray, mask: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the softmax cross entropy of the real steps, as a mean over all real steps of the batch.

    Args:
        ys: (T, V, N) the logits of every step.
        targets: (T, N) integers: from 0 to V - 1 at real steps; at padding often -1, and anything from
            -1 to V - 1, which must not matter.
        mask: (T, N) 1.0 at real steps, 0.0 at padding; at least one step is real.

    Returns:
        loss: one number, the sum over the real steps divided by how many they are.
        dys: (T, V, N) its gradient with respect to ys.
    """
    V = ys.shape[1]
    # TODO: a softmax at every step, a loss and a gradient at the real ones, and one number to divide by.
    ys = ys - ys.max(axis=1, keepdims=True)
    log_p = ys - np.log(np.exp(ys).sum(axis=1, keepdims=True))  # (T, V, N)
    right = np.eye(V)[targets].transpose(0, 2, 1)  # (T, V, N), one-hot
    real = mask[:, np.newaxis]  # (T, 1, N)
    count = mask.sum()
    loss = -(real * right * log_p).sum() / count
    dys = real * (np.exp(log_p) - right) / count
    return float(loss), dys


def masked_rnn_forward(xs: np.ndarray, mask: np.ndarray, h0: np.ndarray, params: RNNParams) -> np.ndarray:
    """Run a recurrent network over a batch; where a step is not real, the state stays as it is.

    Args:
        xs: (T, D, N) the inputs; at padding any finite numbers, which must not matter.
        mask: (T, N) 1.0 at real steps, 0.0 at padding, which may stand anywhere, also in front.
        h0: (H, N) the state before the first step.
        params: weights and bias of the recurrence.

    Returns:
        hs: (T + 1, H, N) all states, hs[0] = h0.
    """
    T, _, N = xs.shape
    Wxh, Whh, bh = params
    H = Whh.shape[0]
    # TODO: at every step a new state or the old one, for each sequence as its mask says.
    hs = np.zeros((T + 1, H, N))
    hs[0] = h0
    for t in range(T):
        h = np.tanh(Wxh @ xs[t] + Whh @ hs[t] + bh)  # (H, N)
        hs[t + 1] = mask[t] * h + (1 - mask[t]) * hs[t]
    return hs


def masked_rnn_backward(
    dhs: np.ndarray, xs: np.ndarray, hs: np.ndarray, mask: np.ndarray, params: RNNParams
) -> tuple[np.ndarray, np.ndarray, RNNParams]:
    """Carry the gradient of the loss back through all steps of masked_rnn_forward.

    Args:
        dhs: (T, H, N) what the loss sends to each new state directly: dhs[t] belongs to hs[t + 1], which
            may be an old state that stayed.
        xs: (T, D, N) the inputs.
        hs: (T + 1, H, N) the states, as masked_rnn_forward returned them.
        mask: (T, N) as masked_rnn_forward was given it.
        params: weights and bias of the recurrence.

    Returns:
        dxs: (T, D, N) gradient with respect to the inputs.
        dh0: (H, N) gradient with respect to h0.
        dparams: gradients with respect to Wxh, Whh and bh.
    """
    T, _, N = xs.shape
    Wxh, Whh, bh = params
    H = Whh.shape[0]
    # TODO: as in backpropagation through time, but a state may have two origins.
    dxs = np.zeros(xs.shape)
    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)
    dh_next = np.zeros((H, N))
    for t in reversed(range(T)):
        dh = dhs[t] + dh_next  # (H, N)
        da = mask[t] * dh * (1 - hs[t + 1] ** 2)  # (H, N)
        dxs[t] = Wxh.T @ da  # (D, N)
        dWxh += da @ xs[t].T  # (H, D)
        dWhh += da @ hs[t].T  # (H, H)
        dbh += da.sum(axis=1, keepdims=True)  # (H, 1)
        dh_next = Whh.T @ da + (1 - mask[t]) * dh  # (H, N)
    return dxs, dh_next, RNNParams(dWxh, dWhh, dbh)
