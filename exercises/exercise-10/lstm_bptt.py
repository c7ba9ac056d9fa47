"""A whole LSTM sequence, backwards: backpropagation through time with two messages.

Sources: Hochreiter and Schmidhuber, "Long short-term memory" (1997), for the constant error carousel; Gers,
Schmidhuber and Cummins, "Learning to forget: continual prediction with LSTM" (2000), for the forget gate.
"""

from typing import NamedTuple

import numpy as np


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


class Gates(NamedTuple):
    """What the three gates and the candidate were at every step, squashed already."""

    f: np.ndarray  # (T, H, N) forget gate, from 0 to 1
    i: np.ndarray  # (T, H, N) input gate, from 0 to 1
    g: np.ndarray  # (T, H, N) candidate, from -1 to 1
    o: np.ndarray  # (T, H, N) output gate, from 0 to 1


class LSTMTrace(NamedTuple):
    """What a forward pass leaves behind: step t goes from hs[t], cs[t] to hs[t + 1], cs[t + 1]."""

    hs: np.ndarray  # (T + 1, H, N) hidden states, h0 first
    cs: np.ndarray  # (T + 1, H, N) cells, c0 first
    gates: Gates  # of (T, H, N) each


def lstm_backward(
    dhs: np.ndarray, dc_last: np.ndarray, xs: np.ndarray, trace: LSTMTrace, params: LSTMParams
) -> tuple[np.ndarray, np.ndarray, np.ndarray, LSTMParams]:
    """Carry the gradients of a loss back through a whole sequence.

    Args:
        dhs: (T, H, N) what the loss sends to each hidden state directly: dhs[t] belongs to hs[t + 1].
        dc_last: (H, N) what it sends to the last cell directly; zeros if it only looks at hidden states.
        xs: (T, D, N) the inputs, time first.
        trace: states, cells and gates, as the forward pass returned them.
        params: weights and biases.

    Returns:
        dxs: (T, D, N) gradient with respect to xs.
        dh0: (H, N) gradient with respect to h0.
        dc0: (H, N) gradient with respect to c0.
        dparams: gradients with respect to the eight parameters, each of its parameter's shape.
    """
    hs, cs, gates = trace
    T, H, N = dhs.shape
    Wf, Wi, WC, Wo, *_ = params
    # TODO: from the last step to the first, hand two messages on and add up what the parameters get.
    raise NotImplementedError
