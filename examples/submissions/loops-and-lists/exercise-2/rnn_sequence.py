"""The whole sequence, collected in a list."""

import math

import numpy as np


def layer(W, v, b):
    """W v + b, number by number."""
    out = np.zeros((W.shape[0], v.shape[1]))
    for i in range(W.shape[0]):
        for n in range(v.shape[1]):
            out[i, n] = b[i, 0]
            for j in range(W.shape[1]):
                out[i, n] += W[i, j] * v[j, n]
    return out


def step(x, h, params):
    z = layer(params.Wxh, x, params.bh) + layer(params.Whh, h, 0 * params.bh)
    return np.array([[math.tanh(number) for number in row] for row in z])


def rnn_forward(xs, h0, params):
    states = [h0]
    for x in xs:
        states.append(step(x, states[-1], params))
    return np.stack(states)


def output_forward(h, Why, by):
    return layer(Why, h, by)


def rnn_predict(xs, params, Why, by):
    H = len(params.Whh)
    N = xs.shape[2]
    states = rnn_forward(xs, np.zeros((H, N)), params)
    last = states[-1]
    return output_forward(last, Why, by), last
