"""One step of a recurrent network: the hidden state takes in one input."""

from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for D inputs and H hidden units."""

    Wxh: np.ndarray  # (H, D) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


def rnn_step_forward(x: np.ndarray, h_prev: np.ndarray, params: RNNParams) -> np.ndarray:
    """Compute the hidden state after one input.

    Args:
        x: (D, N) the input of this step; each column is one sequence of the batch.
        h_prev: (H, N) the hidden state before this step.
        params: weights and bias of the recurrence.

    Returns:
        h: (H, N) the hidden state after this step.
    """
    Wxh, Whh, bh = params
    h = np.tanh(np.dot(Wxh, x) + np.dot(Whh, h_prev)) + bh
    return h
