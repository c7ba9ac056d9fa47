"""Copies with one entry moved, and a helper that both functions share."""

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


def moved(x, index, by):
    copy = np.array(x, dtype=float)
    copy[index] += by
    return copy


def every(x, step, rule):
    result, steps = np.empty(np.shape(x)), np.zeros(np.shape(x)) + step
    for index in np.ndindex(np.shape(x)):
        result[index] = rule(index, steps[index])
    return result


def numerical_gradient(f, x, step):
    return every(x, step, lambda i, h: (f(moved(x, i, h)) - f(moved(x, i, -h))) / (2 * h))


def step_size(x, precision):
    return np.cbrt(precision) * np.where(abs(x) > 1, abs(x), 1.0)


def relative_error(a, b):
    a, b = np.ravel(a), np.ravel(b)
    below = np.sqrt(a @ a) + np.sqrt(b @ b)
    if below == 0:
        return 0.0
    return np.sqrt((a - b) @ (a - b)) / below


def slope_jumps(f, x, step):
    return every(x, step, lambda i, h: (f(moved(x, i, h)) - 2 * f(x) + f(moved(x, i, -h))) / h)


def check_gradient(f, backward, x):
    step = step_size(x, np.finfo(float).eps)
    trusted = ~(np.abs(slope_jumps(f, x, step)) > 0.01)
    return relative_error(np.where(trusted, backward(x), 0), np.where(trusted, numerical_gradient(f, x, step), 0))


def which_are_right(f, backwards, points):
    errors = np.zeros(len(backwards))
    for k, backward in enumerate(backwards):
        for x in points:
            errors[k] = max(errors[k], check_gradient(f, backward, x))
    return np.array([error <= 1e-6 for error in errors]), errors
