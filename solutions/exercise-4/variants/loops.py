"""One sequence and one class at a time, with plain numbers."""

import math

import numpy as np


def softmax(y):
    O, N = y.shape
    p = np.zeros((O, N))
    for n in range(N):
        largest = y[0, n]
        for o in range(1, O):
            if y[o, n] > largest:
                largest = y[o, n]
        total = 0.0
        for o in range(O):
            p[o, n] = math.exp(y[o, n] - largest)
            total += p[o, n]
        for o in range(O):
            p[o, n] /= total
    return p


def softmax_cross_entropy(y, targets):
    O, N = y.shape
    loss = 0.0
    dy = np.zeros((O, N))
    for n in range(N):
        largest = max(y[:, n])
        total = sum(math.exp(y[o, n] - largest) for o in range(O))
        loss += largest + math.log(total) - y[targets[n], n]
        for o in range(O):
            dy[o, n] = math.exp(y[o, n] - largest) / total / N
            if o == targets[n]:
                dy[o, n] -= 1 / N
    return loss / N, dy


def binary_cross_entropy(y, targets):
    N = len(targets)
    loss = 0.0
    dy = np.zeros((1, N))
    for n in range(N):
        logit = float(y[0, n])
        small = math.exp(-abs(logit))
        p = 1 / (1 + small) if logit > 0 else small / (1 + small)
        wrong_way = -logit if targets[n] == 1 else logit
        loss += max(wrong_way, 0.0) + math.log1p(small)
        dy[0, n] = (p - targets[n]) / N
    return loss / N, dy


def output_backward(dy, h, Why):
    O, N = dy.shape
    H = h.shape[0]
    dh, dWhy, dby = np.zeros((H, N)), np.zeros((O, H)), np.zeros((O, 1))
    for n in range(N):
        for o in range(O):
            dby[o, 0] += dy[o, n]
            for i in range(H):
                dh[i, n] += Why[o, i] * dy[o, n]
                dWhy[o, i] += dy[o, n] * h[i, n]
    return dh, dWhy, dby
