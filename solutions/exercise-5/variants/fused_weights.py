import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def rnn_backward(dhs, xs, hs, params):
    T, D, N = xs.shape
    H = hs.shape[1]
    W = np.concatenate(params, axis=1)  # (H, D + H + 1)
    dW = np.zeros_like(W)
    dv = np.zeros((D + H + 1, N))
    dxs = np.zeros((T, D, N))
    for t in range(T)[::-1]:
        dz = (dhs[t] + dv[D:-1]) * (1 - hs[t + 1] ** 2)
        v = np.vstack((xs[t], hs[t], np.ones((1, N))))
        dW += dz @ v.T
        dv = W.T @ dz
        dxs[t] = dv[:D]
    return dxs, dv[D : D + H], RNNParams(dW[:, :D], dW[:, D : D + H], dW[:, -1:])
