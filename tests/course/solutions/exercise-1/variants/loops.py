"""A right answer entry by entry, with the class spelt in the older way."""

from collections import namedtuple

import numpy as np

Pair = namedtuple("Pair", ["factor", "offset"])


def double(x):
    y = np.empty_like(x)
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            y[row, column] = 2 * x[row, column]
    return y


def scale(x, pair):
    y = double(x)
    for column in range(x.shape[1]):
        y[:, column] = pair.factor[0, column] * y[:, column] + pair.offset[:, 0]
    return y
