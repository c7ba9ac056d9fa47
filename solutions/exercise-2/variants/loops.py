"""No matrix products: every sum is written out."""

import math

import numpy as np


def rnn_forward(xs, h0, params):
    Wxh, Whh, bh = params
    T, D, N = xs.shape
    H = len(h0)
    hs = np.zeros((T + 1, H, N))
    for n in range(N):
        for i in range(H):
            hs[0, i, n] = h0[i, n]
    for t in range(T):
        for n in range(N):
            for i in range(H):
                z = bh[i, 0]
                for d in range(D):
                    z = z + Wxh[i, d] * xs[t, d, n]
                for j in range(H):
                    z = z + Whh[i, j] * hs[t, j, n]
                hs[t + 1, i, n] = math.tanh(z)
    return hs


def output_forward(h, Why, by):
    O, H = Why.shape
    y = np.empty((O, h.shape[1]))
    for o in range(O):
        for n in range(h.shape[1]):
            y[o, n] = by[o, 0] + sum(Why[o, i] * h[i, n] for i in range(H))
    return y


def rnn_predict(xs, params, Why, by):
    hs = rnn_forward(xs, np.zeros((len(params.bh), xs.shape[2])), params)
    return output_forward(hs[-1], Why, by), hs[-1]
