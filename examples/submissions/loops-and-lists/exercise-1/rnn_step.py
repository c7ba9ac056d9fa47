"""One step, with lists and loops only. Slow, but I can follow every number."""

import math

import numpy as np


def dot(row, column):
    return sum(a * b for a, b in zip(row, column))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    columns = []
    for n in range(x.shape[1]):
        column = []
        for i in range(Wxh.shape[0]):
            z = dot(Wxh[i], x[:, n]) + dot(Whh[i], h_prev[:, n]) + bh[i, 0]
            column.append(math.tanh(z))
        columns.append(column)
    return np.array(columns).T
