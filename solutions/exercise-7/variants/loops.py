"""Unit by unit and sequence by sequence, with plain numbers."""

import math
from collections import namedtuple

import numpy as np

Gates = namedtuple("Gates", "f i g o")


def one_sigmoid(z):
    if z < 0:
        e = math.exp(z)
        return e / (1 + e)
    return 1 / (1 + math.exp(-z))


def sigmoid(z):
    out = np.zeros(z.shape)
    for index in np.ndindex(z.shape):
        out[index] = one_sigmoid(z[index])
    return out


def lstm_step_forward(x, h_prev, c_prev, params):
    H, N = h_prev.shape
    D = x.shape[0]
    h, c, f, i, g, o = (np.zeros((H, N)) for _ in range(6))
    for n in range(N):
        for k in range(H):
            a = []
            for W, b in zip(params[:4], params[4:]):
                total = b[k, 0]
                for j in range(H):
                    total += W[k, j] * h_prev[j, n]
                for d in range(D):
                    total += W[k, H + d] * x[d, n]
                a.append(total)
            f[k, n], i[k, n], o[k, n] = one_sigmoid(a[0]), one_sigmoid(a[1]), one_sigmoid(a[3])
            g[k, n] = math.tanh(a[2])
            c[k, n] = f[k, n] * c_prev[k, n] + i[k, n] * g[k, n]
            h[k, n] = o[k, n] * math.tanh(c[k, n])
    return h, c, Gates(f, i, g, o)
