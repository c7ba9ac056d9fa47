"""Flat views of copies; lists where arrays were asked for."""

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
    p = x.astype(float).copy()
    h = np.ones(p.shape) * step
    out = np.zeros(p.size)
    for k in range(p.size):
        old = p.flat[k]
        p.flat[k] = old + h.flat[k]
        up = f(p)
        p.flat[k] = old - h.flat[k]
        down = f(p)
        p.flat[k] = old
        out[k] = (up - down) / h.flat[k] / 2
    return out.reshape(p.shape)


def step_size(x, precision):
    result = np.abs(x)
    result = np.clip(result, 1, None)
    return result * pow(precision, 1 / 3)


def relative_error(a, b):
    difference = np.sum((a - b) ** 2) ** 0.5
    if difference == 0:
        return 0.0
    return difference / (np.sum(a**2) ** 0.5 + np.sum(b**2) ** 0.5)


def slope_jumps(f, x, step):
    p = x.astype(float).copy()
    h = np.ones(p.shape) * step
    out = np.zeros(p.size)
    for k in range(p.size):
        old = p.flat[k]
        p.flat[k] = old + h.flat[k]
        up = f(p)
        p.flat[k] = old - h.flat[k]
        down = f(p)
        p.flat[k] = old
        out[k] = (up - f(p)) / h.flat[k] - (f(p) - down) / h.flat[k]
    return out.reshape(p.shape)


def check_gradient(f, backward, x):
    h = step_size(x, np.finfo(np.float64).eps)
    keep = np.nonzero(np.abs(slope_jumps(f, x, h)) <= 0.01)
    return relative_error(backward(x)[keep], numerical_gradient(f, x, h)[keep])


def which_are_right(f, backwards, points):
    table = np.array([[check_gradient(f, b, x) for x in points] for b in backwards])
    worst = table.max(axis=1)
    return [bool(e <= 1e-6) for e in worst], worst
