from bptt import *
from numpy import *
from rnn_sequence import *


def chunk_bounds(T, length):
    return append(arange(0, T, length), [T])


def forward_in_chunks(xs, h0, params, length):
    b = chunk_bounds(len(xs), length)
    hs = empty((len(xs) + 1,) + h0.shape)
    hs[0] = h0
    for i in range(len(b) - 1):
        hs[b[i] + 1 : b[i + 1] + 1] = rnn_forward(xs[b[i] : b[i + 1]], hs[b[i]], params)[1:]
    return hs


def backward_in_chunks(dhs, xs, hs, params, length):
    b = chunk_bounds(len(xs), length)
    grads = [rnn_backward(dhs[i:j], xs[i:j], hs[i : j + 1], params)[2] for i, j in zip(b[:-1], b[1:])]
    return RNNParams(*(add.reduce(some) for some in zip(*grads)))


def backward_in_windows(dhs, xs, hs, params, window):
    T = len(xs)
    grads = []
    for t in range(T):
        i = maximum(0, t + 1 - window)
        own = zeros_like(dhs[i : t + 1])
        own[t - i] = dhs[t]
        grads.append(rnn_backward(own, xs[i : t + 1], hs[i : t + 2], params)[2])
    return RNNParams(*(add.reduce(some) for some in zip(*grads)))


def lag_gradients(dh_last, hs, params):
    parts = []
    a = dh_last
    for t in range(len(hs) - 2, -1, -1):
        a = a * (1 - hs[t + 1] ** 2)
        parts.append(a @ hs[t].T)
        a = params.Whh.T @ a
    return array(parts)


def missing_share(parts):
    s = parts.sum(0)
    return array([linalg.norm(s - p) for p in parts.cumsum(0)]) / linalg.norm(s)
