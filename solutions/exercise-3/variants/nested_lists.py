import numpy as np


def transpose(rows):
    return [list(column) for column in zip(*rows)]


def product(A, B):
    columns = transpose(B)
    return [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in A]


def rnn_step_backward(dh, x, h_prev, h, params):
    Wxh, Whh, _ = [p.tolist() for p in params]
    dz = [[d * (1 - s * s) for d, s in zip(drow, srow)] for drow, srow in zip(dh.tolist(), h.tolist())]
    dx = product(transpose(Wxh), dz)
    dh_prev = product(transpose(Whh), dz)
    dWxh = product(dz, transpose(x.tolist()))
    dWhh = product(dz, transpose(h_prev.tolist()))
    dbh = [[sum(row)] for row in dz]
    return [np.array(dx), np.array(dh_prev), [np.array(dWxh), np.array(dWhh), np.array(dbh)]]
