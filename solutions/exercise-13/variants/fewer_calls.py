"""Nothing is built on anything: check_gradient does all by itself, and so does the last function."""

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


EPS = np.finfo(np.float64).eps


def numerical_gradient(f, x, step):
    x0 = np.asarray(x, dtype=np.float64)
    g = np.empty(x0.shape)
    h = np.broadcast_to(step, x0.shape)
    for i in np.ndindex(x0.shape):
        xp, xm = x0.copy(), x0.copy()
        xp[i] = xp[i] + h[i]
        xm[i] = xm[i] - h[i]
        g[i] = (f(xp) - f(xm)) / (xp[i] - xm[i])
    return g


def step_size(x, precision):
    return np.where(np.abs(x) < 1, 1, np.abs(x)) * precision ** (1 / 3)


def relative_error(a, b):
    s = (a**2).sum() ** 0.5 + (b**2).sum() ** 0.5
    if s == 0.0:
        return 0.0
    return ((a - b) ** 2).sum() ** 0.5 / s


def slope_jumps(f, x, step):
    x0 = np.asarray(x, dtype=np.float64)
    j = np.empty(x0.shape)
    h = np.broadcast_to(step, x0.shape)
    for i in np.ndindex(x0.shape):
        xp, xm = x0.copy(), x0.copy()
        xp[i] += h[i]
        xm[i] -= h[i]
        j[i] = (f(xp) + f(xm) - 2 * f(x0)) / h[i]
    return j


def check_gradient(f, backward, x):
    x0 = np.asarray(x, dtype=np.float64)
    a, n = [], []
    given = backward(x0)
    for i in np.ndindex(x0.shape):
        h = EPS ** (1 / 3) * max(1, abs(x0[i]))
        xp, xm = x0.copy(), x0.copy()
        xp[i] += h
        xm[i] -= h
        up, here, down = f(xp), f(x0), f(xm)
        if abs((up - here) / h - (here - down) / h) > 0.01:
            continue
        a.append(given[i])
        n.append((up - down) / (2 * h))
    a, n = np.array(a), np.array(n)
    s = np.linalg.norm(a) + np.linalg.norm(n)
    return np.linalg.norm(a - n) / s if s else 0.0


def which_are_right(f, backwards, points):
    right, errors = [], []
    for backward in backwards:
        all_errors = sorted(check_gradient(f, backward, x) for x in points)
        errors.append(all_errors[-1])
        right.append(all(error <= 1e-6 for error in all_errors))
    return tuple(right), np.array(errors)
