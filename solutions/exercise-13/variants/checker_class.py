"""A class that remembers the function, the point and the step."""

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


class Probe:
    def __init__(self, f, x, step):
        self.f, self.x = f, np.array(x, dtype=np.float64)
        self.steps = np.broadcast_to(step, self.x.shape)
        self.here = f(self.x)

    def at(self, index, sign):
        point = self.x.copy()
        point[index] = point[index] + sign * self.steps[index]
        return self.f(point)

    def slope(self, index, sign):
        return sign * (self.at(index, sign) - self.here) / self.steps[index]

    def map(self, rule):
        result = np.zeros_like(self.x)
        for index, _ in np.ndenumerate(self.x):
            result[index] = rule(index)
        return result


def numerical_gradient(f, x, step):
    probe = Probe(f, x, step)
    return probe.map(lambda index: (probe.at(index, 1) - probe.at(index, -1)) / (2 * probe.steps[index]))


def step_size(x, precision):
    return np.maximum(1.0, np.abs(x)) * np.exp(np.log(precision) / 3)


def relative_error(a, b):
    norms = np.linalg.norm(a), np.linalg.norm(b)
    return 0.0 if sum(norms) == 0 else np.linalg.norm(a - b) / sum(norms)


def slope_jumps(f, x, step):
    probe = Probe(f, x, step)
    return probe.map(lambda index: probe.slope(index, 1) - probe.slope(index, -1))


def check_gradient(f, backward, x):
    step = step_size(x, np.finfo(np.float64).eps)
    kinks = np.abs(slope_jumps(f, x, step)) > 0.01
    return relative_error(backward(x)[~kinks], numerical_gradient(f, x, step)[np.logical_not(kinks)])


def which_are_right(f, backwards, points):
    errors = np.array([np.max([check_gradient(f, backward, x) for x in points]) for backward in backwards])
    return np.less_equal(errors, 1e-6), errors
