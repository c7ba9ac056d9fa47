"""The entry goes up, two steps down, and one up again, in a copy for each entry."""

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


def around(f, x, step, index):
    h = step if np.isscalar(step) else step[index]
    point = np.array(x, dtype=np.float64)
    point[index] += h
    above = f(point)
    point[index] -= 2 * h
    return above, f(point), h


def numerical_gradient(f, x, step):
    grad = np.zeros(x.shape, dtype=np.float64)
    it = np.nditer(grad, flags=["multi_index"])
    while not it.finished:
        above, below, h = around(f, x, step, it.multi_index)
        grad[it.multi_index] = (above - below) / (2 * h)
        it.iternext()
    return grad


def step_size(x, precision):
    return np.maximum(precision ** (1 / 3), np.abs(x) * precision ** (1 / 3))


def relative_error(a, b):
    with np.errstate(invalid="ignore"):
        error = np.linalg.norm(a - b) / np.float64(np.linalg.norm(a) + np.linalg.norm(b))
    return 0.0 if np.isnan(error) else error


def slope_jumps(f, x, step):
    jumps = np.zeros(x.shape, dtype=np.float64)
    middle = f(x)
    for index in np.ndindex(jumps.shape):
        above, below, h = around(f, x, step, index)
        jumps[index] = (above - middle) / h - (middle - below) / h
    return jumps


def check_gradient(f, backward, x):
    h = step_size(x, np.finfo(np.float64).eps)
    smooth = np.abs(slope_jumps(f, x, h)) <= 1e-2
    analytic, numeric = backward(x).copy(), numerical_gradient(f, x, h)
    analytic[~smooth] = numeric[~smooth] = 0
    return relative_error(analytic, numeric)


def which_are_right(f, backwards, points):
    errors = np.full(len(backwards), -np.inf)
    for x in points:
        errors = np.maximum(errors, [check_gradient(f, backward, x) for backward in backwards])
    return errors <= 1e-6, errors
