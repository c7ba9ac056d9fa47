"""Steps along unit vectors, all of them prepared at once."""

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


def directions(x, step):
    return [e.reshape(x.shape) for e in np.diag(np.broadcast_to(step, x.shape).ravel())]


def numerical_gradient(f, x, step):
    differences = [f(x + e) - f(x - e) for e in directions(x, step)]
    return np.array(differences, dtype=float).reshape(x.shape) / (2 * np.asarray(step))


def step_size(x, precision):
    return np.maximum(np.abs(x), 1) * precision ** (1.0 / 3.0)


def relative_error(a, b):
    one, other = np.linalg.norm(a), np.linalg.norm(b)
    return float(np.linalg.norm(b - a)) / float(one + other) if one or other else 0.0


def slope_jumps(f, x, step):
    values = [(f(x + e) - f(x)) - (f(x) - f(x - e)) for e in directions(x, step)]
    return np.array(values, dtype=float).reshape(x.shape) / step


def check_gradient(f, backward, x):
    step = step_size(x, np.finfo(np.float64).eps)
    weight = (np.abs(slope_jumps(f, x, step)) <= 0.01).astype(float)
    return relative_error(weight * backward(x), weight * numerical_gradient(f, x, step))


def which_are_right(f, backwards, points):
    errors = np.max([[check_gradient(f, b, x) for b in backwards] for x in points], axis=0)
    return errors <= 1e-6, errors
