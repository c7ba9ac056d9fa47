import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def rnn_step_backward(dh, x, h_prev, h, params):
    dzT = dh.T * (1 - h.T**2)  # (N, H)
    dx = np.asfortranarray((dzT @ params.Wxh).T)
    dh_prev = (dzT @ params.Whh).T
    dparams = RNNParams((x @ dzT).T, (h_prev @ dzT).T, dzT.sum(axis=0)[:, np.newaxis])
    return dx, dh_prev, dparams
