import numpy as np


def sigmoid(z):
    # computes both forms everywhere, warns, and keeps the right one
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))


def gate(W, b, z):
    return sigmoid(np.dot(W, z) + b)


def lstm_step_forward(x, h_prev, c_prev, params):
    z = np.r_[h_prev, x]
    f = gate(params.Wf, params.bf, z)
    i = gate(params.Wi, params.bi, z)
    o = gate(params.Wo, params.bo, z)
    # the candidate by the sigmoid as well: tanh(a) = 2 sigmoid(2a) - 1
    g = 2 * gate(2 * params.WC, 2 * params.bC, z) - 1
    c = np.add(np.multiply(f, c_prev), np.multiply(i, g))
    return o * (2 * sigmoid(2 * c) - 1), c, (f, i, g, o)
