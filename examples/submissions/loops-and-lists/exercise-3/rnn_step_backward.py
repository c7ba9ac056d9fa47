"""One step back: every number tells its share to whatever made it."""

import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    Wxh, Whh, bh = params
    dx = np.zeros(x.shape)
    dh_prev = np.zeros(h_prev.shape)
    dWxh = np.zeros(Wxh.shape)
    dWhh = np.zeros(Whh.shape)
    dbh = np.zeros(bh.shape)
    for n in range(x.shape[1]):
        for i in range(h.shape[0]):
            dz = dh[i, n] * (1 - h[i, n] ** 2)
            dbh[i, 0] += dz
            for d in range(x.shape[0]):
                dWxh[i, d] += dz * x[d, n]
                dx[d, n] += dz * Wxh[i, d]
            for j in range(h.shape[0]):
                dWhh[i, j] += dz * h_prev[j, n]
                dh_prev[j, n] += dz * Whh[i, j]
    return dx, dh_prev, (dWxh, dWhh, dbh)
