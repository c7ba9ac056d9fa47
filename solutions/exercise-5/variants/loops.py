"""No matrix products: what every single weight did, at every step, in every sequence."""

import numpy as np


def rnn_backward(dhs, xs, hs, params):
    Wxh, Whh, bh = params
    T, D, N = xs.shape
    H = Whh.shape[0]
    dxs = np.zeros((T, D, N))
    dh = np.zeros((H, N))
    dWxh, dWhh, dbh = np.zeros((H, D)), np.zeros((H, H)), np.zeros((H, 1))
    t = T
    while t > 0:
        t -= 1
        before = np.zeros((H, N))
        for n in range(N):
            for i in range(H):
                dz = (dhs[t, i, n] + dh[i, n]) * (1 - hs[t + 1, i, n] ** 2)
                dbh[i, 0] += dz
                for d in range(D):
                    dxs[t, d, n] += Wxh[i, d] * dz
                    dWxh[i, d] += dz * xs[t, d, n]
                for j in range(H):
                    before[j, n] += Whh[i, j] * dz
                    dWhh[i, j] += dz * hs[t, j, n]
        dh = before
    return dxs, dh, (dWxh, dWhh, dbh)
