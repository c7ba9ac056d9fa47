"""Truncated backpropagation through time: in chunks, in windows, and what it leaves out.

Source: Williams and Peng, "An efficient gradient-based algorithm for on-line training of recurrent network
trajectories" (1990), for windows; chunks are the usual form today.
"""

from itertools import pairwise
from typing import NamedTuple

import bptt
import numpy as np
import rnn_sequence


class RNNParams(NamedTuple):
    """Weights and bias of the recurrence, for D inputs and H hidden units; also their gradients."""

    Wxh: np.ndarray  # (H, D) input to hidden
    Whh: np.ndarray  # (H, H) hidden to hidden
    bh: np.ndarray  # (H, 1) hidden bias


def chunk_bounds(T: int, length: int) -> np.ndarray:
    """Cut T steps into chunks of ``length`` steps each; the last one is shorter if that does not fit.

    Args:
        T: how many steps there are, at least 1.
        length: how many steps a chunk has, at least 1; it may be more than T.

    Returns:
        bounds: (C + 1,) integers for C chunks: chunk c has the steps from bounds[c] up to but not including
            bounds[c + 1]. So the first is 0 and the last is T.
    """
    # TODO: where each chunk begins, and where the last one ends.
    raise NotImplementedError


def forward_in_chunks(xs: np.ndarray, h0: np.ndarray, params: RNNParams, length: int) -> np.ndarray:
    """Read a long sequence chunk by chunk; each chunk starts from the state in which the last one ended.

    Args:
        xs: (T, D, N) the inputs.
        h0: (H, N) the state before the first step.
        params: weights and bias of the recurrence.
        length: how many steps a chunk has.

    Returns:
        hs: (T + 1, H, N) all states, hs[0] = h0: the same as if it had been read in one go.
    """
    T, (H, N) = len(xs), h0.shape
    # TODO: for every chunk your rnn_forward, from a state that is there already.
    raise NotImplementedError


def backward_in_chunks(
    dhs: np.ndarray, xs: np.ndarray, hs: np.ndarray, params: RNNParams, length: int
) -> RNNParams:
    """Compute the truncated gradient: within a chunk all of it, across the bounds of chunks nothing.

    Args:
        dhs: (T, H, N) what the loss sends to each new state directly: dhs[t] belongs to hs[t + 1].
        xs: (T, D, N) the inputs.
        hs: (T + 1, H, N) the states, carried over the bounds.
        params: weights and bias of the recurrence.
        length: how many steps a chunk has.

    Returns:
        dparams: the sums over all chunks of the gradients of Wxh, Whh and bh.
    """
    T = len(xs)
    # TODO: for every chunk your rnn_backward, which is told of nothing outside; add up.
    raise NotImplementedError


def backward_in_windows(
    dhs: np.ndarray, xs: np.ndarray, hs: np.ndarray, params: RNNParams, window: int
) -> RNNParams:
    """Compute the truncated gradient in which the loss of every step goes back through ``window`` steps.

    Args:
        dhs: (T, H, N) what the loss sends to each new state directly: dhs[t] belongs to hs[t + 1].
        xs: (T, D, N) the inputs.
        hs: (T + 1, H, N) the states.
        params: weights and bias of the recurrence.
        window: at least 1: the loss after step t reaches the steps t, t - 1, ..., window of them, or as many
            as there are.

    Returns:
        dparams: the sums over all losses of the gradients of Wxh, Whh and bh.
    """
    T = len(xs)
    # TODO: for every loss by itself your rnn_backward over the steps that it may see; add up.
    raise NotImplementedError


def lag_gradients(dh_last: np.ndarray, hs: np.ndarray, params: RNNParams) -> np.ndarray:
    """Split the gradient of Whh for a loss at the last state by how many steps it came back.

    Args:
        dh_last: (H, N) gradient of the loss with respect to hs[T].
        hs: (T + 1, H, N) the states.
        params: weights and bias of the recurrence.

    Returns:
        parts: (T, H, H) in parts[k] what the step k steps before the last one contributed: parts[0] is of
            the last step, parts[T - 1] of the first. All together are the gradient of Whh.
    """
    T, Whh = len(hs) - 1, params.Whh
    # TODO: one loop back; what you would add up, kept apart.
    raise NotImplementedError


def missing_share(parts: np.ndarray) -> np.ndarray:
    """Say how much of a gradient is missing if only the last steps are kept.

    Args:
        parts: (T, H, H) what each lag contributes, as lag_gradients returns it.

    Returns:
        shares: (T,) in shares[k], with lags 0 to k kept: the norm of what is missing from the sum of all
            parts, divided by the norm of that sum. A norm is the root of the sum of squares of all entries.
    """
    # TODO: running sums, their distance from the whole, and one division.
    raise NotImplementedError
