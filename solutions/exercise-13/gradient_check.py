"""Checking a gradient: a formula for slopes, compared with differences of the function itself."""

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


def numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, step: float | np.ndarray
) -> np.ndarray:
    """Return the gradient of f at x by central differences, one entry at a time.

    Args:
        f: takes an array like x and returns one number.
        x: (any shape) where to differentiate, of any dtype; it stays as it is.
        step: (a number, or as x) how far to go to each side: one number, or one for each entry of x.

    Returns:
        Array of the shape of x, float64.
    """
    # TODO: move one entry up and down, in float64, and put it back before the next one moves.
    point = np.array(x, dtype=np.float64)
    steps = np.broadcast_to(step, point.shape)
    gradient = np.zeros(point.shape)
    for index in np.ndindex(point.shape):
        middle = point[index]
        point[index] = middle + steps[index]
        above = f(point)
        point[index] = middle - steps[index]
        below = f(point)
        point[index] = middle
        gradient[index] = (above - below) / (2 * steps[index])
    return gradient


def step_size(x: np.ndarray, precision: float) -> np.ndarray:
    """Return the step of central differences at which rounding and curvature spoil about equally little.

    Args:
        x: (any shape) where to differentiate.
        precision: of the numbers that f computes with: 2.2e-16 for float64, 1.2e-7 for float32.

    Returns:
        Array of the shape of x: the cube root of precision, times |x| where that is above 1.
    """
    # TODO: one step for each entry, none smaller than the cube root.
    return precision ** (1 / 3) * np.maximum(1, np.abs(x))


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far two arrays of one shape are apart, |a - b| / (|a| + |b|), between 0 and 1.

    Args:
        a: (any shape).
        b: (any shape) as a.

    Returns:
        One number, with |a| the root of the sum of squares of all entries; 0.0 where both arrays are zero.
    """
    # TODO: three norms of whole arrays; zero divided by zero is the case to think of.
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / size) if size > 0 else 0.0


def slope_jumps(f: Callable[[np.ndarray], float], x: np.ndarray, step: float | np.ndarray) -> np.ndarray:
    """Return for each entry of x the slope of f to its right minus the slope to its left.

    Args:
        f: takes an array like x and returns one number.
        x: (any shape) where to look, of any dtype; it stays as it is.
        step: (a number, or as x) how far to look to each side: one number, or one for each entry of x.

    Returns:
        Array of the shape of x, float64: near 0 where f is smooth, the size of the kink where it has one.
    """
    # TODO: two one-sided differences for each entry; both use the value in the middle.
    point = np.array(x, dtype=np.float64)
    steps = np.broadcast_to(step, point.shape)
    jumps = np.zeros(point.shape)
    here = f(point)
    for index in np.ndindex(point.shape):
        middle = point[index]
        point[index] = middle + steps[index]
        right = (f(point) - here) / steps[index]
        point[index] = middle - steps[index]
        left = (here - f(point)) / steps[index]
        point[index] = middle
        jumps[index] = right - left
    return jumps


def check_gradient(
    f: Callable[[np.ndarray], float], backward: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> float:
    """Return the relative error of backward(x) against central differences of f, which computes in float64.

    Args:
        f: takes an array like x and returns one number.
        backward: takes an array like x and returns what should be the gradient of f there.
        x: (any shape) where to check.

    Returns:
        One number; entries of x at which the slope of f jumps by more than 0.01 are left out.
    """
    precision = np.finfo(np.float64).eps
    # TODO: choose the steps, leave out the kinks, and measure what is left as one array.
    step = step_size(x, precision)
    smooth = np.abs(slope_jumps(f, x, step)) <= 0.01
    numerical = numerical_gradient(f, x, step)
    return relative_error(backward(x)[smooth], numerical[smooth])


def which_are_right(
    f: Callable[[np.ndarray], float],
    backwards: Sequence[Callable[[np.ndarray], np.ndarray]],
    points: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Tell the right backward functions of f from the wrong ones.

    Args:
        f: takes an array and returns one number.
        backwards: K functions, each of which claims to be the gradient of f.
        points: (any shape each) the arrays at which they are checked.

    Returns:
        right: (K,) booleans: whether the error is at most 1e-6 at every point.
        errors: (K,) the largest error of each at any of the points.
    """
    # TODO: a backward function is as good as its worst point.
    errors = np.array([max(check_gradient(f, backward, x) for x in points) for backward in backwards])
    return errors <= 1e-6, errors
