import numpy as np
from bptt import rnn_backward
from rnn_sequence import rnn_forward


def chunk_bounds(T, length):
    if T <= length:
        return np.array([0, T])
    return np.concatenate([[0], length + chunk_bounds(T - length, length)])


def forward_in_chunks(xs, h0, params, length):
    hs = rnn_forward(xs[:length], h0, params)
    if len(xs) <= length:
        return hs
    return np.vstack([hs[:-1], forward_in_chunks(xs[length:], hs[-1], params, length)])


def backward_in_chunks(dhs, xs, hs, params, length):
    here = rnn_backward(dhs[:length], xs[:length], hs[: length + 1], params)[2]
    if len(xs) <= length:
        return here
    later = backward_in_chunks(dhs[length:], xs[length:], hs[length:], params, length)
    return tuple(a + b for a, b in zip(here, later))


def backward_in_windows(dhs, xs, hs, params, window):
    T = len(xs)
    reach = min(T, window)
    only_last = np.concatenate([np.zeros((reach - 1, *dhs.shape[1:])), dhs[-1:]])
    here = rnn_backward(only_last, xs[T - reach :], hs[T - reach :], params)[2]
    if T == 1:
        return here
    before = backward_in_windows(dhs[:-1], xs[:-1], hs[:-1], params, window)
    return tuple(a + b for a, b in zip(before, here))


def lag_gradients(dh_last, hs, params):
    if len(hs) == 1:
        return np.zeros((0, *params.Whh.shape))
    da = dh_last * (1 - hs[-1] ** 2)
    rest = lag_gradients(params.Whh.T @ da, hs[:-1], params)
    return np.concatenate([[da @ hs[-2].T], rest])


def missing_share(parts):
    whole = np.linalg.norm(parts.sum(axis=0))
    return np.array([np.linalg.norm(parts[k:].sum(axis=0)) / whole for k in range(1, len(parts) + 1)])
