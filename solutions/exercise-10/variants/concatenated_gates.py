"""All four gates in one matrix, as most libraries keep them."""

import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    W = np.concatenate(params[:4])  # (4H, H + D)
    dW, db = np.zeros_like(W), np.zeros((len(W), 1))
    T, H, N = dhs.shape
    dxs = np.empty(xs.shape)
    dh, dc = np.zeros((H, N)), np.array(dc_last)
    for t in range(T)[::-1]:
        f, i, g, o = np.stack(trace.gates)[:, t]
        th = np.tanh(trace.cs[t + 1])
        dh = dh + dhs[t]
        dc = dc + dh * o / np.cosh(trace.cs[t + 1]) ** 2
        da = np.concatenate([dc * trace.cs[t], dc * g, dc * i, dh * th])
        da = da * np.concatenate([f * (1 - f), i * (1 - i), (1 + g) * (1 - g), o * (1 - o)])
        z = np.concatenate([trace.hs[t], xs[t]])
        dW += np.dot(da, z.T)
        db += np.sum(da, axis=1, keepdims=True)
        dz = np.dot(W.T, da)
        dxs[t] = dz[H:]
        dh = dz[:H]
        dc = dc * f
    return dxs, dh, dc, tuple(np.split(dW, 4) + np.split(db, 4))
