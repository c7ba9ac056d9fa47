"""Everything from NumPy by its bare name."""

from numpy import *

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np



class Network(NamedTuple):
    """A loss to be differentiated, called as f(x): offset + v · squash(W x + b). Leave it as it is.

    The entries of x are read in order, whatever its shape is. All is computed in the precision of W.
    """

    W: np.ndarray  # (H, D) for an x of D entries
    b: np.ndarray  # (H,)
    v: np.ndarray  # (H,)
    offset: float
    squash: str  # tanh or relu

    def _hidden(self, x: np.ndarray) -> np.ndarray:
        """Return squash(W x + b), of shape (H,)."""
        a = self.W @ np.ravel(x).astype(self.W.dtype) + self.b
        return np.tanh(a) if self.squash == "tanh" else np.maximum(a, 0)

    def __call__(self, x: np.ndarray) -> float:
        """Return the loss at x, one number."""
        return self.v @ self._hidden(x) + self.W.dtype.type(self.offset)


class Backward(NamedTuple):
    """Somebody's gradient of a Network, called as backward(x): right or wrong. Leave it as it is."""

    network: Network
    M: np.ndarray  # (D, H) what carries a gradient from the hidden units to x
    slope: np.ndarray  # (3,) of a tanh: slope[0] + slope[1] h + slope[2] h**2
    limit: float  # no entry becomes larger than that

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return a gradient of the shape of x."""
        h = self.network._hidden(x)
        slope = self.slope[0] + self.slope[1] * h + self.slope[2] * h**2
        through = self.network.v * (slope if self.network.squash == "tanh" else h > 0)
        return np.clip(self.M @ through, -self.limit, self.limit).reshape(np.shape(x))


def numerical_gradient(f, x, step):
    point = array(x, float64)
    steps = step * ones(point.shape)
    result = zeros(point.shape)
    for index in ndindex(point.shape):
        kept = float(point[index])
        values = []
        for sign in (+1, -1):
            point[index] = kept + sign * steps[index]
            values.append(float(f(point)))
        point[index] = kept
        result[index] = (values[0] - values[1]) / (2.0 * steps[index])
    return result


def step_size(x, precision):
    return power(precision, 1 / 3) * maximum(absolute(x), 1)


def relative_error(a, b):
    sizes = [sqrt(sum(square(one))) for one in (a - b, a, b)]
    return sizes[0] / (sizes[1] + sizes[2]) if any(sizes) else 0.0


def slope_jumps(f, x, step):
    point = array(x, float64)
    steps = step * ones(point.shape)
    result = zeros(point.shape)
    for index in ndindex(point.shape):
        kept = float(point[index])
        values = []
        for sign in (-1, 0, +1):
            point[index] = kept + sign * steps[index]
            values.append(float(f(point)))
        point[index] = kept
        left, right = diff(values) / steps[index]
        result[index] = right - left
    return result


def check_gradient(f, backward, x):
    step = step_size(x, finfo(float64).eps)
    smooth = where(absolute(slope_jumps(f, x, step)) <= 0.01)
    return relative_error(backward(x)[smooth], numerical_gradient(f, x, step)[smooth])


def which_are_right(f, backwards, points):
    errors = array([amax([check_gradient(f, backward, x) for x in points]) for backward in backwards])
    return errors <= 1e-6, errors
