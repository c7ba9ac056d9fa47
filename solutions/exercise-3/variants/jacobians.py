"""The chain rule in full matrices: one diagonal matrix of slopes for each sequence."""

import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    Wxh, Whh, bh = params
    dx = np.empty(x.shape)
    dh_prev = np.empty(h.shape)
    dWxh = np.zeros(Wxh.shape)
    dWhh = np.zeros(Whh.shape)
    dbh = np.zeros(bh.shape)
    for n in range(x.shape[1]):
        J = np.diag(1 - h[:, n] ** 2)  # dh/dz
        dz = J.T @ dh[:, n : n + 1]  # (H, 1)
        dx[:, n : n + 1] = Wxh.T @ dz
        dh_prev[:, n : n + 1] = Whh.T @ dz
        dWxh += np.kron(dz, x[:, n])
        dWhh += np.kron(dz, h_prev[:, n])
        dbh += dz
    return dx, dh_prev, (dWxh, dWhh, dbh)
