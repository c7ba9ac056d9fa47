"""Batch first while computing, flat norms, its own kind of parameters."""

from collections import namedtuple

import bptt
import numpy as np
import rnn_sequence

RNNParams = namedtuple("RNNParams", ["Wxh", "Whh", "bh"])


def chunk_bounds(T, length):
    rest = T % length
    bounds = np.arange(T // length + 1) * length
    return np.append(bounds, T) if rest else bounds


def forward_in_chunks(xs, h0, params, length):
    own = RNNParams(*params)
    rows = [h0.T]
    for start in range(0, len(xs), length):
        new = rnn_sequence.rnn_forward(xs[start : start + length], rows[-1].T, own)
        rows += [h.T for h in new[1:]]
    return np.array(rows).transpose(0, 2, 1)


def summed(grads):
    Wxh, Whh, bh = map(list, zip(*grads))
    return RNNParams(np.sum(Wxh, axis=0), np.sum(Whh, axis=0), np.sum(bh, axis=0))


def backward_in_chunks(dhs, xs, hs, params, length):
    edges = list(chunk_bounds(len(xs), length))
    grads = []
    while len(edges) > 1:
        end, start = edges.pop(), edges[-1]
        grads.append(bptt.rnn_backward(dhs[start:end], xs[start:end], hs[start : end + 1], params)[-1])
    return summed(grads)


def backward_in_windows(dhs, xs, hs, params, window):
    grads = []
    for t, dh in enumerate(dhs):
        steps = range(max(0, t - window + 1), t + 1)
        own = np.stack([dh if s == t else np.zeros(dh.shape) for s in steps])
        grads.append(bptt.rnn_backward(own, xs[list(steps)], hs[[*steps, t + 1]], params)[-1])
    return summed(grads)


def lag_gradients(dh_last, hs, params):
    rows = hs.transpose(0, 2, 1)  # (T + 1, N, H)
    dh, parts = dh_last.T, {}
    for t in range(len(hs) - 2, -1, -1):
        da = dh * (1 - rows[t + 1] ** 2)
        parts[len(hs) - 2 - t] = da.T @ rows[t]
        dh = da @ params.Whh
    return np.array([parts[k] for k in sorted(parts)])


def missing_share(parts):
    flat = parts.reshape(len(parts), -1).T
    whole = flat.sum(axis=1, keepdims=True)
    return np.linalg.norm(whole - flat.cumsum(axis=1), axis=0) / np.linalg.norm(whole)
