import numpy as np
from typing import NamedTuple


class LSTMParams(NamedTuple):
    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray
    bf: np.ndarray
    bi: np.ndarray
    bC: np.ndarray
    bo: np.ndarray


def step_backward(dh, dc, x, h_prev, c_prev, c, f, i, g, o, params):
    H = len(h_prev)
    z = np.vstack((h_prev, x))
    tc = np.tanh(c)
    dc = dc + dh * o * (1 - tc**2)
    da = [dc * c_prev * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * tc * o * (1 - o)]
    dz = sum(W.T @ one for W, one in zip(params, da))
    return dz[H:], dz[:H], dc * f, [one @ z.T for one in da] + [one.sum(1, keepdims=True) for one in da]


def lstm_backward(dhs, dc_last, xs, trace, params):
    T = len(xs)
    dxs = np.zeros_like(xs)
    total = [np.zeros_like(p) for p in params]
    dh_next, dc_next = np.zeros_like(dc_last), dc_last
    for t in range(T - 1, -1, -1):
        gates = [gate[t] for gate in trace.gates]
        dxs[t], dh_next, dc_next, one = step_backward(
            dhs[t] + dh_next, dc_next, xs[t], trace.hs[t], trace.cs[t], trace.cs[t + 1], *gates, params
        )
        for k in range(8):
            total[k] += one[k]
    return dxs, dh_next, dc_next, LSTMParams(*total)
