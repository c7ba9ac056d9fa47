"""Gradients of inputs and biases are collected in single precision, which is enough for them."""

import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    hs, cs, gates = trace
    T, H, N = dhs.shape
    dxs = np.zeros(xs.shape, dtype=np.float32)
    dW = [np.zeros_like(W) for W in params[:4]]
    db = [np.zeros((H, 1), dtype=np.float32) for _ in range(4)]
    dh, dc = np.zeros((H, N)), dc_last
    for t in reversed(range(T)):
        f, i, g, o = (gate[t] for gate in gates)
        th = np.tanh(cs[t + 1])
        dh = dhs[t] + dh
        dc = dc + dh * o * (1 - th**2)
        das = dc * cs[t] * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * th * o * (1 - o)
        z = np.vstack((hs[t], xs[t]))
        for k, da in enumerate(das):
            dW[k] += da @ z.T
            db[k] += da.sum(axis=1, keepdims=True).astype(np.float32)
        dz = sum(W.T @ da for W, da in zip(params, das))
        dh, dxs[t] = dz[:H], dz[H:]
        dc = dc * f
    return dxs, dh, dc, (*dW, *db)
