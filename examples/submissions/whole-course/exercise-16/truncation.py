"""All windows go back together: one more step for every loss that may still go on."""

import bptt
import numpy as np
import rnn_sequence


def chunk_bounds(T, length):
    return np.array(sorted({*range(0, T, length), T}))


def forward_in_chunks(xs, h0, params, length):
    bounds = chunk_bounds(len(xs), length)
    pieces, h = [h0[None]], h0
    for chunk in np.split(xs, bounds[1:-1]):
        new = rnn_sequence.rnn_forward(chunk, h, params)
        pieces.append(new[1:])
        h = new[-1]
    return np.concatenate(pieces)


def backward_in_chunks(dhs, xs, hs, params, length):
    T = len(xs)
    dWxh, dWhh, dbh = (np.zeros(p.shape) for p in params)
    message = np.zeros(hs[0].shape)
    for t in range(T - 1, -1, -1):
        if (t + 1) % length == 0:
            message = np.zeros(hs[0].shape)
        da = (dhs[t] + message) * (1 - hs[t + 1] ** 2)
        dWxh += da @ xs[t].T
        dWhh += da @ hs[t].T
        dbh += da.sum(axis=1, keepdims=True)
        message = params.Whh.T @ da
    return dWxh, dWhh, dbh


def backward_in_windows(dhs, xs, hs, params, window):
    T = len(xs)
    slopes = 1 - hs[1:] ** 2
    das = dhs * slopes  # lag 0
    total = [0.0, 0.0, 0.0]
    for lag in range(min(window, T)):
        total[0] = total[0] + np.einsum("thn,tdn->hd", das, xs[: T - lag])
        total[1] = total[1] + np.einsum("thn,tkn->hk", das, hs[: T - lag])
        total[2] = total[2] + das.sum(axis=(0, 2))[:, None]
        das = np.matmul(params.Whh.T, das[1:]) * slopes[: T - lag - 1]
    return tuple(total)


def lag_gradients(dh_last, hs, params):
    T, parts = len(hs) - 1, []
    for k in range(T):
        only = np.zeros((T, *dh_last.shape))
        only[-1] = dh_last
        wanted = np.zeros((T, 1, dh_last.shape[1]))
        kept = backward_in_windows(only, wanted, hs, params._replace(Wxh=np.zeros((len(hs[0]), 1))), k + 1)
        parts.append(kept[1])
    return np.diff(np.array(parts), axis=0, prepend=0 * parts[0][None])


def missing_share(parts):
    rows = parts.reshape(len(parts), -1)
    below = np.triu(np.ones((len(parts), len(parts))), 1)  # row k takes all later lags
    return np.linalg.norm(below @ rows, axis=1) / np.linalg.norm(rows.sum(axis=0))
