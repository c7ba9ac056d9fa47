from collections import deque

import bptt
import numpy as np
import rnn_sequence


def chunk_bounds(T, length):
    bounds = [0]
    while bounds[-1] < T:
        bounds.append(min(bounds[-1] + length, T))
    return np.array(bounds)


def forward_in_chunks(xs, h0, params, length):
    hs, todo = [h0], deque(xs)
    while todo:
        chunk = np.array([todo.popleft() for _ in range(min(length, len(todo)))])
        hs.extend(rnn_sequence.rnn_forward(chunk, hs[-1], params)[1:])
    return np.array(hs)


def backward_in_chunks(dhs, xs, hs, params, length):
    found = []
    for start in range(0, len(xs), length):
        part = slice(start, start + length)
        states = hs[start : start + length + 1]
        found.append(bptt.rnn_backward(dhs[part], xs[part], states, params)[2])
    return tuple(sum(grads) for grads in zip(*found))


def backward_in_windows(dhs, xs, hs, params, window):
    inputs, before = deque(maxlen=window), deque(maxlen=window + 1)
    before.append(hs[0])
    found = []
    for dh, x, h in zip(dhs, xs, hs[1:]):
        inputs.append(x)
        before.append(h)
        own = np.zeros((len(inputs), *dh.shape))
        own[-1] = dh
        states = np.array(before)[-len(inputs) - 1 :]
        found.append(bptt.rnn_backward(own, np.array(inputs), states, params)[2])
    return tuple(sum(grads) for grads in zip(*found))


def lag_gradients(dh_last, hs, params):
    parts, dh = [], dh_last
    for before, after in zip(hs[-2::-1], hs[:0:-1]):
        da = (1 - after * after) * dh
        parts.append(np.dot(da, before.T))
        dh = np.dot(params.Whh.T, da)
    return np.stack(parts)


def missing_share(parts):
    whole = sum(parts)
    size = np.sqrt((whole**2).sum())
    return np.array([np.sqrt(((whole - sum(parts[: k + 1])) ** 2).sum()) / size for k in range(len(parts))])
