import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    Wxh, Whh, bh = params
    dz = (1 - h) * (1 + h) * dh
    dWxh = np.dot(dz, x.T)
    dWhh = np.dot(dz, h_prev.T)
    dbh = np.dot(dz, np.ones((dz.shape[1], 1)))
    return np.dot(Wxh.T, dz), np.dot(Whh.T, dz), (dWxh, dWhh, dbh)
