from functools import reduce

import numpy as np


def log_softmax(y):
    return y - np.logaddexp.reduce(y, axis=0, keepdims=True)


def softmax(y):
    return np.exp(log_softmax(y))


def softmax_cross_entropy(y, targets):
    N = y.shape[1]
    log_p = log_softmax(y)
    loss = -np.mean(log_p[targets, range(N)])
    dy = np.exp(log_p) / N
    dy[targets, range(N)] -= 1 / N
    return loss, dy


def binary_cross_entropy(y, targets):
    sign = 2 * targets - 1  # +1 pulls up, -1 pulls down
    margin = sign * y
    loss = np.logaddexp(0, -margin)
    wrong = np.exp(-np.logaddexp(0, margin))  # probability of the wrong label
    return loss.mean(), -sign * wrong / y.shape[1]


def output_backward(dy, h, Why):
    dby = reduce(np.add, np.split(dy, dy.shape[1], axis=1))
    return Why.T.dot(dy), dy.dot(h.T), dby
