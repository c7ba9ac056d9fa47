from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence; also their gradients."""

    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def rnn_step_backward(dh, x, h_prev, h, params):
    dz = dh * (1 - h**2)
    dparams = RNNParams(dz @ x.T, dz @ h_prev.T, dz.sum(axis=1, keepdims=True))
    return params.Wxh.T @ dz, params.Whh.T @ dz, dparams


def add(left, right):
    return RNNParams(*(a + b for a, b in zip(left, right)))


def rnn_backward(dhs, xs, hs, params):
    T = len(xs)
    dxs = [None] * T
    dh = np.zeros_like(hs[0])
    dparams = RNNParams(*map(np.zeros_like, params))
    for t in range(T - 1, -1, -1):
        dxs[t], dh, more = rnn_step_backward(dhs[t] + dh, xs[t], hs[t], hs[t + 1], params)
        dparams = add(dparams, more)
    return np.array(dxs), dh, dparams
