"""No matrix products: every sum is written out."""

import math

import numpy as np


def sigmoid(a):
    return 1 / (1 + math.exp(-a)) if a >= 0 else math.exp(a) / (1 + math.exp(a))


def lstm_forward(xs, h0, c0, params):
    T, D, N = xs.shape
    H = len(h0)
    hs, cs = np.zeros((T + 1, H, N)), np.zeros((T + 1, H, N))
    gates = [np.zeros((T, H, N)) for _ in range(4)]
    for n in range(N):
        for k in range(H):
            hs[0, k, n] = h0[k, n]
            cs[0, k, n] = c0[k, n]
    for t in range(T):
        for n in range(N):
            for k in range(H):
                a = [b[k, 0] for b in params[4:]]
                for which in range(4):
                    for j in range(H):
                        a[which] += params[which][k, j] * hs[t, j, n]
                    for d in range(D):
                        a[which] += params[which][k, H + d] * xs[t, d, n]
                f, i, g, o = sigmoid(a[0]), sigmoid(a[1]), math.tanh(a[2]), sigmoid(a[3])
                for one, value in zip(gates, (f, i, g, o)):
                    one[t, k, n] = value
                cs[t + 1, k, n] = f * cs[t, k, n] + i * g
                hs[t + 1, k, n] = o * math.tanh(cs[t + 1, k, n])
    return [hs, cs, gates]


def init_lstm(input_size, hidden_size, forget_bias, seed):
    rng = np.random.default_rng(seed)
    limit = 1 / math.sqrt(hidden_size)
    weights = []
    for _ in range(4):
        W = np.zeros((hidden_size, hidden_size + input_size))
        for row in range(hidden_size):
            for column in range(hidden_size + input_size):
                W[row, column] = rng.uniform(-limit, limit)
        weights.append(W)
    biases = [np.array([[1.0 * value]] * hidden_size) for value in (forget_bias, 0, 0, 0)]
    return weights + biases
