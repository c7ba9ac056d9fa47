"""One step of a recurrent network, backwards: from the gradient of a state to all that made it."""

from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for D inputs and H hidden units; also their gradients."""

    Wxh: np.ndarray  # (H, D) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


def rnn_step_backward(
    dh: np.ndarray, x: np.ndarray, h_prev: np.ndarray, h: np.ndarray, params: RNNParams
) -> tuple[np.ndarray, np.ndarray, RNNParams]:
    """Carry the gradient of the loss back through h = tanh(Wxh x + Whh h_prev + bh).

    Args:
        dh: (H, N) gradient of the loss with respect to h.
        x: (D, N) the input of this step.
        h_prev: (H, N) the hidden state before this step.
        h: (H, N) the hidden state after this step, as the forward pass returned it.
        params: weights and bias of the recurrence.

    Returns:
        dx: (D, N) gradient with respect to x.
        dh_prev: (H, N) gradient with respect to h_prev.
        dparams: gradients with respect to Wxh, Whh and bh, each of its parameter's shape.
    """
    Wxh, Whh, _ = params
    # TODO: go back through the tanh first, then through each of the three terms inside it.
    da = dh * (1 - h**2)  # (H, N)
    dx = Wxh.T @ da  # (D, N)
    dh_prev = Whh.T @ da  # (H, N)
    dparams = RNNParams(Wxh=da @ x.T, Whh=da @ h_prev.T, bh=da.sum(axis=1, keepdims=True))
    return dx, dh_prev, dparams
