"""Sequences of chunks as one batch: the short one is filled up, and its padding has no gradient."""

import bptt
import numpy as np
import rnn_sequence


def chunk_bounds(T, length):
    C = -(-T // length)
    return np.minimum(np.arange(C + 1) * length, T)


def forward_in_chunks(xs, h0, params, length):
    hs = h0[np.newaxis]
    for start in chunk_bounds(len(xs), length)[:-1]:
        new = rnn_sequence.rnn_forward(xs[start : start + length], hs[-1], params)
        hs = np.concatenate([hs, new[1:]])
    return hs


def side_by_side(a, C, length):
    """(T, K, N) to (length, K, C N), zeros behind."""
    filled = np.concatenate([a, np.zeros((C * length - len(a), *a.shape[1:]))])
    return filled.reshape(C, length, *a.shape[1:]).transpose(1, 2, 0, 3).reshape(length, a.shape[1], -1)


def backward_in_chunks(dhs, xs, hs, params, length):
    C = -(-len(xs) // length)
    before = side_by_side(hs[:-1], C, length)
    after = side_by_side(hs[1:], C, length)
    states = np.concatenate([before[:1], after])
    return bptt.rnn_backward(side_by_side(dhs, C, length), side_by_side(xs, C, length), states, params)[2]


def backward_in_windows(dhs, xs, hs, params, window):
    T = len(xs)
    total = None
    for end in range(T, 0, -1):
        start = end - min(window, end)
        own = dhs[start:end] * (np.arange(start, end) == end - 1)[:, None, None]
        grads = bptt.rnn_backward(own, xs[start:end], hs[start : end + 1], params)[2]
        total = grads if total is None else [a + b for a, b in zip(total, grads)]
    return tuple(total)


def lag_gradients(dh_last, hs, params):
    T = len(hs) - 1
    parts = np.empty((T, *params.Whh.shape))
    dh = dh_last.copy()
    for t in range(T - 1, -1, -1):
        da = dh - dh * hs[t + 1] ** 2
        parts[-1 - t] = np.einsum("in,jn->ij", da, hs[t])
        dh = params.Whh.T.dot(da)
    return parts


def missing_share(parts):
    later = np.cumsum(parts[::-1], axis=0)[::-1]  # from lag k on
    missing = np.concatenate([later[1:], np.zeros((1, *parts.shape[1:]))])
    return np.linalg.norm(missing.reshape(len(parts), -1), axis=1) / np.linalg.norm(later[0])
