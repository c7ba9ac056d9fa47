"""The central difference as the mean of two one-sided ones."""

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


def one_sided(f, x, steps):
    slopes = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        there = x.astype(float)
        there[index] += steps[index]
        slopes[index] = (f(there) - f(x)) / steps[index]
    return slopes


def both_sides(f, x, step):
    steps = np.full(x.shape, step, dtype=float)
    return one_sided(f, x, steps), one_sided(f, x, -steps)


def numerical_gradient(f, x, step):
    right, left = both_sides(f, x, step)
    return 0.5 * (right + left)


def step_size(x, precision):
    steps = np.abs(x) * precision ** (1 / 3)
    steps[steps < precision ** (1 / 3)] = precision ** (1 / 3)
    return steps


def relative_error(a, b):
    scale = np.sqrt(np.square(a).sum()) + np.sqrt(np.square(b).sum())
    return np.sqrt(np.square(a - b).sum()) / scale if scale != 0 else 0


def slope_jumps(f, x, step):
    right, left = both_sides(f, x, step)
    return right - left


def check_gradient(f, backward, x):
    step = step_size(x, np.finfo(np.float64).eps)
    good = abs(slope_jumps(f, x, step)) <= 0.01
    return relative_error(backward(x)[good], numerical_gradient(f, x, step)[good])


def which_are_right(f, backwards, points):
    errors = [max([check_gradient(f, b, x) for x in points]) for b in backwards]
    return [e <= 1e-6 for e in errors], np.array(errors)
