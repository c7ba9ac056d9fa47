"""How a gradient shrinks or grows on its way through time, and what can be done when it grows.

Sources: Bengio, Simard and Frasconi, "Learning long-term dependencies with gradient descent is difficult"
(1994); Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks" (2013).
"""

from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for D inputs and H hidden units; also their gradients."""

    Wxh: np.ndarray  # (H, D) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


def gradient_norms(dh_last: np.ndarray, hs: np.ndarray, params: RNNParams) -> np.ndarray:
    """Measure the gradient at every state of a sequence whose loss looks at the last state only.

    Args:
        dh_last: (H, N) what the loss sends to the last state.
        hs: (T + 1, H, N) all hidden states, h0 first, as the forward pass returned them.
        params: weights and bias of the recurrence.

    Returns:
        norms: (T + 1,) norms[t] is the Frobenius norm (root of the sum of squares) of the gradient at hs[t].
    """
    T = hs.shape[0] - 1
    Whh = params.Whh
    # TODO: measure the gradient, carry it one step back, and do so until the first state.
    dh = dh_last  # (H, N)
    norms = np.zeros(T + 1)
    norms[T] = np.linalg.norm(dh)
    for t in reversed(range(T)):
        dh = Whh.T @ (dh * (1 - hs[t + 1] ** 2))  # (H, N)
        norms[t] = np.linalg.norm(dh)
    return norms


def spectral_radius(W: np.ndarray) -> float:
    """Compute the largest absolute value among the eigenvalues of a matrix, complex ones included.

    Args:
        W: (H, H) any square matrix.

    Returns:
        The spectral radius, one real number.
    """
    # TODO: of all eigenvalues, which is the furthest from zero?
    return float(np.abs(np.linalg.eigvals(W)).max())


def gradient_bound(Whh: np.ndarray, k: int) -> float:
    """Bound what k steps back can do to the norm of a gradient, whatever the states are.

    Args:
        Whh: (H, H) hidden to hidden.
        k: number of steps, 0 or more.

    Returns:
        The factor by which the norm can grow at most: what one step can do at most, k times.
    """
    # TODO: how long can a matrix make a vector of length 1?
    return float(np.linalg.norm(Whh, ord=2) ** k)


def clip_by_value(grads: RNNParams, limit: float) -> RNNParams:
    """Limit every entry of every gradient by itself.

    Args:
        grads: gradients of Wxh, Whh and bh.
        limit: largest absolute value that an entry may keep, above 0.

    Returns:
        New gradients, whose entries lie between -limit and limit.
    """
    # TODO: entries that are too large, on either side, become as large as allowed.
    return RNNParams(*(np.clip(one, -limit, limit) for one in grads))


def clip_by_global_norm(grads: RNNParams, max_norm: float) -> tuple[RNNParams, float]:
    """Shorten all gradients together if they are too long together; their direction stays.

    Args:
        grads: gradients of Wxh, Whh and bh.
        max_norm: largest norm that they may keep, above 0.

    Returns:
        clipped: new gradients, of norm max_norm or less.
        norm: what the norm was before: the root of the sum of all squares in all arrays.
    """
    # TODO: measure all arrays as one long vector, and find the one factor for all of them.
    norm = float(np.sqrt(sum((one**2).sum() for one in grads)))
    factor = max_norm / max(norm, max_norm)
    return RNNParams(*(factor * one for one in grads)), norm
