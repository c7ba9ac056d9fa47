"""One step of an LSTM: three gates decide what the memory keeps, takes in and shows.

Sources: Hochreiter and Schmidhuber, "Long short-term memory" (1997), for the memory; Gers, Schmidhuber and
Cummins, "Learning to forget: continual prediction with LSTM" (2000), for the forget gate.
"""

from typing import NamedTuple

import numpy as np


class LSTMParams(NamedTuple):
    """Weights and biases of an LSTM, for D inputs and H hidden units."""

    Wf: np.ndarray  # (H, H + D) forget gate
    Wi: np.ndarray  # (H, H + D) input gate
    WC: np.ndarray  # (H, H + D) candidate
    Wo: np.ndarray  # (H, H + D) output gate
    bf: np.ndarray  # (H, 1)
    bi: np.ndarray  # (H, 1)
    bC: np.ndarray  # (H, 1)
    bo: np.ndarray  # (H, 1)


class Gates(NamedTuple):
    """What the three gates and the candidate were in one step, squashed already."""

    f: np.ndarray  # (H, N) forget gate, from 0 to 1
    i: np.ndarray  # (H, N) input gate, from 0 to 1
    g: np.ndarray  # (H, N) candidate, from -1 to 1
    o: np.ndarray  # (H, N) output gate, from 0 to 1


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Squash every entry into the range from 0 to 1, as 1 / (1 + exp(-a)) does on paper.

    Args:
        a: array of any shape; any finite numbers, ±1000 included: no exponential may overflow on the way.

    Returns:
        An array of the same shape.
    """
    # TODO: squash entry by entry, and let no exponential overflow, whatever the sign of a.
    raise NotImplementedError


def lstm_step_forward(
    x: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: LSTMParams
) -> tuple[np.ndarray, np.ndarray, Gates]:
    """Compute hidden state and memory after one input.

    The columns of each weight matrix belong to h_prev first, then to x.

    Args:
        x: (D, N) the input of this step; each column is one sequence of the batch.
        h_prev: (H, N) the hidden state before this step.
        c_prev: (H, N) the memory before this step, called the cell; not bounded.
        params: weights and biases.

    Returns:
        h: (H, N) the hidden state after this step.
        c: (H, N) the memory after this step.
        gates: f, i, g and o, each (H, N); the way back will need them.
    """
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    # TODO: stack state and input; then the gates and the candidate, the memory, and what is shown of it.
    raise NotImplementedError
