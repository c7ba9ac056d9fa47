"""A recurrent network read along a whole sequence, and the output layer on top of it."""

from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for D inputs and H hidden units."""

    Wxh: np.ndarray  # (H, D) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


def rnn_forward(xs: np.ndarray, h0: np.ndarray, params: RNNParams) -> np.ndarray:
    """Apply the recurrence to every step of a sequence, with the same parameters each time.

    Args:
        xs: (T, D, N) the inputs, time first.
        h0: (H, N) the hidden state before the first step.
        params: weights and bias of the recurrence.

    Returns:
        hs: (T + 1, H, N) all hidden states, the given one first: hs[t + 1] has read xs[t].
    """
    T = xs.shape[0]
    H, N = h0.shape
    Wxh, Whh, bh = params
    # TODO: start from h0 and fill in one state a step.
    hs = np.zeros((T + 1, H, N))
    hs[0] = h0
    for t in range(T):
        hs[t + 1] = np.tanh(Wxh @ xs[t] + Whh @ hs[t] + bh)  # (H, N)
    return hs


def output_forward(h: np.ndarray, Why: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Compute the output layer from one hidden state.

    Args:
        h: (H, N) a hidden state.
        Why: (O, H) hidden to output.
        by: (O, 1) output bias.

    Returns:
        y: (O, N) the outputs, not squashed.
    """
    # TODO: one weighted sum for each output.
    return Why @ h + by  # (O, N)


def rnn_predict(
    xs: np.ndarray, params: RNNParams, Why: np.ndarray, by: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Read a whole sequence from an empty memory, then answer once, after the last step.

    Args:
        xs: (T, D, N) the inputs, time first.
        params: weights and bias of the recurrence.
        Why: (O, H) hidden to output.
        by: (O, 1) output bias.

    Returns:
        y: (O, N) the output after the last step.
        h_T: (H, N) the hidden state after the last step.
    """
    N = xs.shape[2]
    H = params.Whh.shape[0]
    # TODO: unroll from a state of zeros, one column for each sequence, and read out the last state.
    h_T = rnn_forward(xs, np.zeros((H, N)), params)[-1]  # (H, N)
    return output_forward(h_T, Why, by), h_T
