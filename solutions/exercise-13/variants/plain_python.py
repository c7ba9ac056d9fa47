"""Lists and loops, and hardly a function of NumPy."""

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


def sides(f, x, step):
    flat = [float(one) for one in np.ravel(x)]
    steps = [float(one) for one in np.ravel(np.broadcast_to(step, np.shape(x)))]
    for k, h in enumerate(steps):
        up, down = list(flat), list(flat)
        up[k] += h
        down[k] -= h
        yield float(f(np.array(up).reshape(x.shape))), float(f(np.array(down).reshape(x.shape))), h


def numerical_gradient(f, x, step):
    return np.array([(up - down) / (2 * h) for up, down, h in sides(f, x, step)]).reshape(x.shape)


def step_size(x, precision):
    root = precision ** (1 / 3)
    return np.array([root * max(1.0, abs(float(one))) for one in x.ravel()]).reshape(x.shape)


def length(a):
    return sum(float(one) ** 2 for one in np.ravel(a)) ** 0.5


def relative_error(a, b):
    if not a.any() and not b.any():
        return 0.0
    return length(a - b) / (length(a) + length(b))


def slope_jumps(f, x, step):
    here = float(f(x))
    return np.array([(up - here) / h - (here - down) / h for up, down, h in sides(f, x, step)]).reshape(x.shape)


def check_gradient(f, backward, x):
    h = step_size(x, 2.0**-52)
    mine, theirs = backward(x).ravel(), numerical_gradient(f, x, h).ravel()
    keep = [k for k, jump in enumerate(slope_jumps(f, x, h).ravel()) if -0.01 <= jump <= 0.01]
    return relative_error(mine[keep], theirs[keep])


def which_are_right(f, backwards, points):
    errors = []
    for backward in backwards:
        worst = 0.0
        for x in points:
            error = check_gradient(f, backward, x)
            if error > worst:
                worst = error
        errors.append(worst)
    return np.array(errors) <= 1e-6, np.array(errors)
