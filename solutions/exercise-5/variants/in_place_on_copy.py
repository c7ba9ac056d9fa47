import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def rnn_backward(dhs, xs, hs, params):
    total = np.zeros_like(hs)  # a gradient for every state, h0 too
    total[1:] += dhs
    dxs = np.zeros_like(xs)
    grads = RNNParams(*[np.zeros_like(p) for p in params])
    for t in range(len(xs), 0, -1):
        dz = total[t]
        dz *= 1.0 - hs[t] ** 2
        total[t - 1] += params.Whh.T @ dz
        dxs[t - 1] += params.Wxh.T @ dz
        grads.Wxh[...] += dz @ xs[t - 1].T
        grads.Whh[...] += dz @ hs[t - 1].T
        for n in range(dz.shape[1]):
            grads.bh[:, 0] += dz[:, n]
    return dxs, total[0], grads
