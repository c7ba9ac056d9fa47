import numpy as np
from collections import namedtuple

RNNParams = namedtuple("RNNParams", "Wxh Whh bh")


def squash(z):
    # exp of a negative number only, so large sums do not overflow
    small = np.exp(-2 * np.abs(z))
    return np.sign(z) * (1 - small) / (1 + small)


def rnn_step_forward(x, h_prev, params):
    z = sum(W @ v for W, v in ((params.Wxh, x), (params.Whh, h_prev)))
    return squash(z + params.bh)
