import math

import numpy


def log_softmax(column):
    top = max(column)
    log_sum = top + math.log(math.fsum(math.exp(v - top) for v in column))
    return [v - log_sum for v in column]


def turned(rows):
    return [list(column) for column in zip(*rows)]


def softmax(y):
    columns = turned(y.tolist())
    return numpy.array(turned([[math.exp(v) for v in log_softmax(c)] for c in columns]))


def softmax_cross_entropy(y, targets):
    log_ps = [log_softmax(c) for c in turned(y.tolist())]
    N = len(log_ps)
    loss = -math.fsum(c[t] for c, t in zip(log_ps, targets)) / N
    dy = [[(math.exp(v) - (k == t)) / N for k, v in enumerate(c)] for c, t in zip(log_ps, targets)]
    return [loss, numpy.array(turned(dy))]


def binary_cross_entropy(y, targets):
    logits, labels = y[0].tolist(), targets.tolist()
    log_ps = [log_softmax([0.0, v]) for v in logits]
    N = len(labels)
    loss = -sum(pair[label] for pair, label in zip(log_ps, labels)) / N
    return [loss, numpy.array([[(math.exp(pair[1]) - label) / N for pair, label in zip(log_ps, labels)]])]


def output_backward(dy, h, Why):
    d, states, W = dy.tolist(), h.tolist(), Why.tolist()
    dh = [[sum(w * v for w, v in zip(column, one)) for one in turned(d)] for column in turned(W)]
    dWhy = [[sum(v * s for v, s in zip(row, state)) for state in states] for row in d]
    return numpy.array(dh), numpy.array(dWhy), numpy.array([[sum(row)] for row in d])
