"""A whole recurrent sequence, backwards: backpropagation through time.

Source: Werbos, "Backpropagation through time: what it does and how to do it", Proceedings of the IEEE 78
(1990).
"""

from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for D inputs and H hidden units; also their gradients."""

    Wxh: np.ndarray  # (H, D) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


def rnn_backward(
    dhs: np.ndarray, xs: np.ndarray, hs: np.ndarray, params: RNNParams
) -> tuple[np.ndarray, np.ndarray, RNNParams]:
    """Carry the gradients of a loss back through a whole sequence of steps.

    Step t computed hs[t + 1] = tanh(Wxh xs[t] + Whh hs[t] + bh).

    Args:
        dhs: (T, H, N) what the loss sends to each new state directly: dhs[t] belongs to hs[t + 1].
        xs: (T, D, N) the inputs, time first.
        hs: (T + 1, H, N) all hidden states, h0 first, as the forward pass returned them.
        params: weights and bias of the recurrence.

    Returns:
        dxs: (T, D, N) gradient with respect to xs.
        dh0: (H, N) gradient with respect to h0.
        dparams: gradients with respect to Wxh, Whh and bh, each of its parameter's shape.
    """
    T, H, N = dhs.shape
    Wxh, Whh, bh = params
    # TODO: walk from the last step to the first, hand one message on, and add up what the parameters get.
    dxs = np.zeros(xs.shape)  # (T, D, N)
    dWxh, dWhh, dbh = np.zeros(Wxh.shape), np.zeros(Whh.shape), np.zeros(bh.shape)
    dh_next = np.zeros((H, N))
    for t in reversed(range(T)):
        dh = dhs[t] + dh_next  # (H, N)
        da = dh * (1 - hs[t + 1] ** 2)  # (H, N)
        dxs[t] = Wxh.T @ da  # (D, N)
        dWxh += da @ xs[t].T  # (H, D)
        dWhh += da @ hs[t].T  # (H, H)
        dbh += da.sum(axis=1, keepdims=True)  # (H, 1)
        dh_next = Whh.T @ da  # (H, N)
    return dxs, dh_next, RNNParams(dWxh, dWhh, dbh)
