import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


class Step:
    def __init__(self, x, h_prev, h, params):
        self.x, self.h_prev, self.h, self.params = x, h_prev, h, params

    @property
    def slope(self):
        return 1 - self.h * self.h

    def backward(self, dh):
        self.dz = np.multiply(dh, self.slope)
        return self.inputs() + (self.parameters(),)

    def inputs(self):
        return self.params.Wxh.T.dot(self.dz), self.params.Whh.T.dot(self.dz)

    def parameters(self):
        return RNNParams(
            bh=self.dz.sum(1, keepdims=True),
            Whh=self.dz.dot(self.h_prev.T),
            Wxh=self.dz.dot(self.x.T),
        )


def rnn_step_backward(dh, x, h_prev, h, params):
    return Step(x, h_prev, h, params).backward(dh)
