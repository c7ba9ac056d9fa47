"""A sequence's way back is that of its tail, and then one step."""

import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params, t=0):
    hs, cs, gates = trace
    T, H, N = dhs.shape
    if t == T:
        return np.zeros((0, *xs.shape[1:])), np.zeros((H, N)), dc_last, tuple(0 * p for p in params)
    dxs, dh, dc, grads = lstm_backward(dhs, dc_last, xs, trace, params, t + 1)
    f, i, g, o = gates.f[t], gates.i[t], gates.g[t], gates.o[t]
    z = np.vstack([hs[t], xs[t]])
    shown = np.tanh(cs[t + 1])
    dh = dhs[t] + dh
    dc = dc + dh * o * (1 - shown * shown)
    das = (
        dc * cs[t] * f * (1 - f),
        dc * g * i * (1 - i),
        dc * i * (1 - g * g),
        dh * shown * o * (1 - o),
    )
    mine = [da @ z.T for da in das] + [da.sum(axis=1, keepdims=True) for da in das]
    dz = sum(W.T @ da for W, da in zip(params[:4], das))
    dxs = np.concatenate([dz[None, H:], dxs])
    return dxs, dz[:H], dc * f, tuple(a + b for a, b in zip(grads, mine))
