"""The parts of lags are what each wider window adds; shares by a generator."""

import itertools

import bptt
import numpy as np
import rnn_sequence


def chunk_bounds(T, length):
    return np.fromiter(itertools.chain(range(0, T, length), (T,)), dtype=int)


def forward_in_chunks(xs, h0, params, length):
    def chunks():
        h = h0
        yield h0[None]
        for first, after in itertools.pairwise(chunk_bounds(len(xs), length)):
            new = rnn_sequence.rnn_forward(xs[first:after], h, params)
            h = new[-1]
            yield new[1:]

    return np.concatenate(list(chunks()))


def backward_in_chunks(dhs, xs, hs, params, length):
    each = (
        bptt.rnn_backward(dhs[a:b], xs[a:b], hs[a : b + 1], params)[2]
        for a, b in itertools.pairwise(chunk_bounds(len(xs), length))
    )
    return tuple(map(sum, zip(*each)))


def backward_in_windows(dhs, xs, hs, params, window):
    each = []
    for t in range(len(xs)):
        a = t + 1 - min(window, t + 1)
        own = np.pad(dhs[t : t + 1], ((t - a, 0), (0, 0), (0, 0)))
        each.append(bptt.rnn_backward(own, xs[a : t + 1], hs[a : t + 2], params)[2])
    return tuple(map(sum, zip(*each)))


def lag_gradients(dh_last, hs, params):
    T = len(hs) - 1
    xs = np.zeros((T, params.Wxh.shape[1], hs.shape[2]))
    sums = []
    for window in range(1, T + 1):
        own = np.pad(dh_last[None], ((window - 1, 0), (0, 0), (0, 0)))
        grads = bptt.rnn_backward(own, xs[T - window :], hs[T - window :], params)[2]
        sums.append(grads[1])
    return np.array([b - a for a, b in itertools.pairwise([0 * sums[0], *sums])])


def missing_share(parts):
    whole = np.sum(parts, axis=0)
    size = np.linalg.norm(whole)
    running = itertools.accumulate(parts)
    return np.fromiter((np.linalg.norm(whole - one) / size for one in running), dtype=float)
