"""Unit by unit and sequence by sequence, with plain numbers."""

import math

import numpy as np


def rnn_step_forward(x, h_prev, params):
    H, N = h_prev.shape
    D = x.shape[0]
    h = np.zeros((H, N))
    for n in range(N):
        for i in range(H):
            total = params.bh[i, 0]
            for d in range(D):
                total += params.Wxh[i, d] * x[d, n]
            for j in range(H):
                total += params.Whh[i, j] * h_prev[j, n]
            h[i, n] = math.tanh(total)
    return h
