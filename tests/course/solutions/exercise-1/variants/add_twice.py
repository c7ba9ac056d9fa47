"""A right answer without the class: the pair is used as a plain tuple, and doubling is an addition."""

import numpy as np


def double(x):
    return np.add(x, x)


def scale(x, pair):
    return pair[0] * (x + x) + pair[1]
