"""Points come from a generator; norms from hypot and dot products."""

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


from itertools import product


def places(x):
    return product(*(range(size) for size in x.shape))


def neighbours(x, step):
    for place in places(x):
        h = np.broadcast_to(step, x.shape)[place]
        unit = np.zeros(x.shape)
        unit[place] = h
        yield place, x + unit, x - unit, h


def numerical_gradient(f, x, step):
    gradient = {place: (f(up) - f(down)) / (h + h) for place, up, down, h in neighbours(x, step)}
    return np.array([gradient[place] for place in places(x)], dtype=float).reshape(x.shape)


def step_size(x, precision):
    return np.cbrt(precision) * np.fmax(np.ones_like(x), np.fabs(x))


def size(a):
    return np.hypot.reduce(np.concatenate([np.zeros(1), np.ravel(a)]))


def relative_error(a, b):
    return float(size(a - b) / ((size(a) + size(b)) or 1.0))


def slope_jumps(f, x, step):
    here = f(x)
    found = [((f(up) - here) / h) - ((here - f(down)) / h) for _, up, down, h in neighbours(x, step)]
    return np.asarray(found, dtype=float).reshape(x.shape)


def check_gradient(f, backward, x):
    step = step_size(x, np.finfo(np.float64).eps)
    smooth = np.absolute(slope_jumps(f, x, step)) <= 0.01
    return relative_error(*(gradient[smooth] for gradient in (backward(x), numerical_gradient(f, x, step))))


def which_are_right(f, backwards, points):
    errors = np.array(list(map(lambda backward: max(map(lambda x: check_gradient(f, backward, x), points)), backwards)))
    return np.array(errors <= 1e-6), errors
