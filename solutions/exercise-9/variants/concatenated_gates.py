"""All four gates in one matrix, as most libraries keep them."""

import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    H = dh.shape[0]
    W = np.concatenate(params[:4])  # (4H, H + D)
    f, i, g, o = gates
    z = np.concatenate([h_prev, x])
    th = np.tanh(c)
    dct = dc + dh * o * (1 - th * th)
    da = np.concatenate(
        [
            dct * c_prev * f * (1 - f),
            dct * g * i * (1 - i),
            dct * i * (1 - g * g),
            dh * th * o * (1 - o),
        ]
    )  # (4H, N)
    dz = W.T @ da
    dW = np.split(da @ z.T, 4)
    db = np.split(da.sum(axis=1, keepdims=True), 4)
    return dz[H:], dz[:H], dct * f, (*dW, *db)
