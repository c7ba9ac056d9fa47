import numpy as np


def softmax(y):
    p = y.copy()
    p -= p.max(axis=0)
    np.exp(p, out=p)
    p /= p.sum(axis=0)
    return p


def softmax_cross_entropy(y, targets):
    N = len(targets)
    z = np.array(y)
    z -= z.max(axis=0)
    picked = z[targets, np.arange(N)].copy()
    np.exp(z, out=z)
    sums = z.sum(axis=0)
    loss = np.sum(np.log(sums) - picked) / N
    z /= sums
    z[targets, np.arange(N)] -= 1
    z /= N
    return float(loss), z


def binary_cross_entropy(y, targets):
    t = targets.astype(np.float64)[np.newaxis]
    loss = np.zeros_like(y)
    loss += np.maximum(y, 0)
    loss -= t * y
    loss += np.log1p(np.exp(-abs(y)))
    dy = np.tanh(y / 2)
    dy += 1
    dy *= 0.5
    dy -= t
    dy /= y.size
    return float(loss.sum() / y.size), dy


def output_backward(dy, h, Why):
    dh, dWhy, dby = np.zeros(h.shape), np.zeros(Why.shape), np.zeros((len(dy), 1))
    dh += np.matmul(Why.T, dy)
    dWhy += np.matmul(dy, h.T)
    for n in range(dy.shape[1]):
        dby[:, 0] += dy[:, n]
    return dh, dWhy, dby
