"""Two warm-ups: twice an array, and twice an array stretched and shifted."""

from typing import NamedTuple

import numpy as np


class Pair(NamedTuple):
    """What ``scale`` multiplies by and what it adds, for an array of M rows and N columns."""

    factor: np.ndarray  # (1, N) one for each column
    offset: np.ndarray  # (M, 1) one for each row


def double(x: np.ndarray) -> np.ndarray:
    """Take every entry twice.

    Args:
        x: (M, N) any numbers.

    Returns:
        y: (M, N) twice as much.
    """
    # TODO: take every entry twice, in a new array.
    return 2 * x  # (M, N)


def scale(x: np.ndarray, pair: Pair) -> np.ndarray:
    """Double an array, stretch its columns and shift its rows.

    Args:
        x: (M, N) any numbers.
        pair: the factors and the offsets.

    Returns:
        y: (M, N) doubled, then multiplied, then shifted.
    """
    factor, offset = pair
    # TODO: double x, multiply by the factors, add the offsets.
    stretched = factor * double(x)  # (M, N)
    return stretched + offset
