"""A bias is a weight whose input is always 1: a row of ones below z, a column more in each matrix."""

import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    H, D, N = *h_prev.shape[:1], *x.shape
    W = np.stack([np.hstack([params[k], params[k + 4]]) for k in range(4)])  # (4, H, H + D + 1)
    v = np.vstack([h_prev, x, np.ones((1, N))])
    f, i, g, o = gates
    th = np.tanh(c)
    dc = np.sum([dc, dh * o, -dh * o * th * th], axis=0)
    A = np.stack([dc * c_prev, dc * g, dc * i, dh * th])
    A = A * np.stack([f * (1 - f), i * (1 - i), (1 - g) * (1 + g), o * (1 - o)])
    dW = A @ v.T  # (4, H, H + D + 1)
    dv = np.matmul(W.transpose(0, 2, 1), A).sum(axis=0)
    dparams = (*dW[:, :, :-1], *dW[:, :, -1:])
    return dv[H : H + D], dv[:H], dc * f, dparams
