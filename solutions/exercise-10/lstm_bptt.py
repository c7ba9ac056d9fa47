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
    dxs = np.zeros_like(xs)  # (T, D, N)
    dWf, dWi, dWC, dWo, dbf, dbi, dbC, dbo = (np.zeros_like(one) for one in params)
    dh_next = np.zeros((H, N))
    dc_next = dc_last  # (H, N)
    for t in reversed(range(T)):
        f, i, g, o = (gate[t] for gate in gates)
        z = np.vstack((hs[t], xs[t]))  # (H + D, N)
        tanh_c = np.tanh(cs[t + 1])  # (H, N)
        dh = dhs[t] + dh_next  # (H, N)
        dc_sum = dc_next + dh * o * (1 - tanh_c**2)  # (H, N)
        df = dc_sum * cs[t]  # (H, N)
        di = dc_sum * g  # (H, N)
        dg = dc_sum * i  # (H, N)
        do = dh * tanh_c  # (H, N)
        daf = df * f * (1 - f)  # (H, N)
        dai = di * i * (1 - i)  # (H, N)
        daC = dg * (1 - g**2)  # (H, N)
        dao = do * o * (1 - o)  # (H, N)
        dWf += daf @ z.T  # (H, H + D)
        dWi += dai @ z.T  # (H, H + D)
        dWC += daC @ z.T  # (H, H + D)
        dWo += dao @ z.T  # (H, H + D)
        dbf += daf.sum(axis=1, keepdims=True)  # (H, 1)
        dbi += dai.sum(axis=1, keepdims=True)  # (H, 1)
        dbC += daC.sum(axis=1, keepdims=True)  # (H, 1)
        dbo += dao.sum(axis=1, keepdims=True)  # (H, 1)
        dz = Wf.T @ daf + Wi.T @ dai + WC.T @ daC + Wo.T @ dao  # (H + D, N)
        dh_next, dxs[t] = dz[:H], dz[H:]  # (H, N), (D, N)
        dc_next = dc_sum * f  # (H, N)
    return dxs, dh_next, dc_next, LSTMParams(dWf, dWi, dWC, dWo, dbf, dbi, dbC, dbo)
