import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    D, N = x.shape
    H = h.shape[0]
    W = np.hstack([params.Wxh, params.Whh, params.bh])  # (H, D + H + 1)
    v = np.vstack([x, h_prev, np.ones((1, N))])  # (D + H + 1, N)
    dz = np.multiply(1 - h * h, dh)
    dW = dz @ v.T
    dv = W.T @ dz
    dWxh, dWhh, dbh = np.split(dW, [D, D + H], axis=1)
    return dv[:D], dv[D : D + H], (dWxh, dWhh, dbh)
