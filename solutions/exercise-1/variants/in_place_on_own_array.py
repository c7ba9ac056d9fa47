import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def rnn_step_forward(x, h_prev, params):
    h = h_prev.copy()
    h = np.dot(params.Whh, h)
    h += np.dot(params.Wxh, x)
    h += params.bh
    np.tanh(h, out=h)
    return h
