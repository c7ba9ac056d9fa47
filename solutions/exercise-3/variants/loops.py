"""Every contribution by itself: what each weight saw, and what came back to it."""

import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    Wxh, Whh, bh = params
    H, N = h.shape
    D = x.shape[0]
    dx, dh_prev = np.zeros((D, N)), np.zeros((H, N))
    dWxh, dWhh, dbh = np.zeros((H, D)), np.zeros((H, H)), np.zeros((H, 1))
    for n in range(N):
        for i in range(H):
            dz = dh[i, n] * (1.0 - h[i, n] * h[i, n])
            dbh[i, 0] += dz
            for d in range(D):
                dx[d, n] += Wxh[i, d] * dz
                dWxh[i, d] += dz * x[d, n]
            for j in range(H):
                dh_prev[j, n] += Whh[i, j] * dz
                dWhh[i, j] += dz * h_prev[j, n]
    return dx, dh_prev, (dWxh, dWhh, dbh)
