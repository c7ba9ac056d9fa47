"""Each loss walks home alone; the gradients are the sum over all walks. Slow, and the definition."""

import numpy as np


def walk(s, dhs, xs, hs, params):
    """Gradients of the loss at step s alone."""
    Wxh, Whh, bh = params
    dxs = np.zeros(xs.shape)
    sums = [np.zeros(p.shape) for p in params]
    dh = dhs[s]
    for t in range(s, -1, -1):
        dz = dh * (1 - hs[t + 1] ** 2)
        dxs[t] = Wxh.T @ dz
        for total, part in zip(sums, (dz @ xs[t].T, dz @ hs[t].T, dz @ np.ones((dz.shape[1], 1)))):
            total += part
        dh = Whh.T @ dz
    return dxs, dh, *sums


def rnn_backward(dhs, xs, hs, params):
    walks = [walk(s, dhs, xs, hs, params) for s in range(len(dhs))]
    dxs, dh0, *dparams = (np.sum(arrays, axis=0) for arrays in zip(*walks))
    return dxs, dh0, dparams
