import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


class SimpleRNN:
    def __init__(self, params):
        self.Wxh, self.Whh, self.bh = params
        self.dWxh = np.zeros_like(self.Wxh)
        self.dWhh = np.zeros_like(self.Whh)
        self.dbh = np.zeros_like(self.bh)
        self.dh = 0.0

    def step_back(self, dh, x, h_prev, h):
        dz = (dh + self.dh) * (1 + h) * (1 - h)
        self.dWxh = self.dWxh + np.dot(dz, x.T)
        self.dWhh = self.dWhh + np.dot(dz, h_prev.T)
        self.dbh = self.dbh + np.dot(dz, np.ones((dz.shape[1], 1)))
        self.dh = np.dot(self.Whh.T, dz)
        return np.dot(self.Wxh.T, dz)

    @property
    def grads(self):
        return RNNParams(Wxh=self.dWxh, Whh=self.dWhh, bh=self.dbh)


def rnn_backward(dhs, xs, hs, params):
    network = SimpleRNN(params)
    steps = zip(dhs[::-1], xs[::-1], hs[:-1][::-1], hs[1:][::-1])
    dxs = np.stack([network.step_back(*step) for step in steps])[::-1]
    return dxs, network.dh, network.grads
