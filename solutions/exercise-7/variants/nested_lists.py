import math

import numpy as np


def squash(z):
    return 1 / (1 + math.exp(-z)) if z > -30 else math.exp(z) / (1 + math.exp(z))


def sigmoid(z):
    return np.array([squash(v) for v in z.ravel().tolist()]).reshape(z.shape)


def transpose(rows):
    return [list(column) for column in zip(*rows)]


def lstm_step_forward(x, h_prev, c_prev, params):
    stacked = transpose(h_prev.tolist() + x.tolist())  # N columns of H + D numbers

    def layer(W, b, function):
        return [
            [function(sum(w * v for w, v in zip(row, column)) + bias[0]) for column in stacked]
            for row, bias in zip(W.tolist(), b.tolist())
        ]

    f = layer(params.Wf, params.bf, squash)
    i = layer(params.Wi, params.bi, squash)
    g = layer(params.WC, params.bC, math.tanh)
    o = layer(params.Wo, params.bo, squash)
    c = [
        [fv * old + iv * gv for fv, old, iv, gv in zip(*rows)] for rows in zip(f, c_prev.tolist(), i, g)
    ]
    h = [[ov * math.tanh(cv) for ov, cv in zip(*rows)] for rows in zip(o, c)]
    return np.array(h), np.array(c), tuple(np.array(one) for one in (f, i, g, o))
