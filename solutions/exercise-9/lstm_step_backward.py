"""One step of an LSTM, backwards: two gradients arrive, and a cell with four gates sends them on.

Source: Gers, Schmidhuber and Cummins, "Learning to forget: continual prediction with LSTM" (2000), for the
cell; the gradients follow by the chain rule.
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
    """What the three gates and the candidate were in one step, squashed already."""

    f: np.ndarray  # (H, N) forget gate, from 0 to 1
    i: np.ndarray  # (H, N) input gate, from 0 to 1
    g: np.ndarray  # (H, N) candidate, from -1 to 1
    o: np.ndarray  # (H, N) output gate, from 0 to 1


def lstm_step_backward(
    dh: np.ndarray,
    dc: np.ndarray,
    x: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    c: np.ndarray,
    gates: Gates,
    params: LSTMParams,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, LSTMParams]:
    """Carry the gradients of the loss back through c = f c_prev + i g and h = o tanh(c).

    The gates are sigmoid(W z + b), the candidate is tanh(WC z + bC), and z = [h_prev; x] is stacked.

    Args:
        dh: (H, N) gradient of the loss with respect to h.
        dc: (H, N) gradient with respect to c, from the steps that follow; without the part through h.
        x: (D, N) the input of this step.
        h_prev: (H, N) the hidden state before this step.
        c_prev: (H, N) the cell before this step.
        c: (H, N) the cell after this step.
        gates: f, i, g and o of this step, as the forward pass returned them.
        params: weights and biases.

    Returns:
        dx: (D, N) gradient with respect to x.
        dh_prev: (H, N) gradient with respect to h_prev.
        dc_prev: (H, N) gradient with respect to c_prev.
        dparams: gradients with respect to the eight parameters, each of its parameter's shape.
    """
    f, i, g, o = gates
    Wf, Wi, WC, Wo, *_ = params
    H = h_prev.shape[0]
    # TODO: collect all that reaches c, send it on to f, i, g and c_prev, and go back through each squashing.
    z = np.vstack((h_prev, x))  # (H + D, N)
    tanh_c = np.tanh(c)  # (H, N)
    dc_sum = dc + dh * o * (1 - tanh_c**2)  # (H, N)
    dc_prev = dc_sum * f  # (H, N)
    df = dc_sum * c_prev  # (H, N)
    di = dc_sum * g  # (H, N)
    dg = dc_sum * i  # (H, N)
    do = dh * tanh_c  # (H, N)
    daf = df * f * (1 - f)  # (H, N)
    dai = di * i * (1 - i)  # (H, N)
    daC = dg * (1 - g**2)  # (H, N)
    dao = do * o * (1 - o)  # (H, N)
    dz = Wf.T @ daf + Wi.T @ dai + WC.T @ daC + Wo.T @ dao  # (H + D, N)
    dh_prev, dx = dz[:H], dz[H:]  # (H, N), (D, N)
    dparams = LSTMParams(
        Wf=daf @ z.T,  # (H, H + D)
        Wi=dai @ z.T,  # (H, H + D)
        WC=daC @ z.T,  # (H, H + D)
        Wo=dao @ z.T,  # (H, H + D)
        bf=daf.sum(axis=1, keepdims=True),  # (H, 1)
        bi=dai.sum(axis=1, keepdims=True),  # (H, 1)
        bC=daC.sum(axis=1, keepdims=True),  # (H, 1)
        bo=dao.sum(axis=1, keepdims=True),  # (H, 1)
    )
    return dx, dh_prev, dc_prev, dparams
