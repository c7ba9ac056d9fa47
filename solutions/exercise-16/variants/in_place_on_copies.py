import copy

import bptt
import numpy as np
import rnn_sequence


def chunk_bounds(T, length):
    bounds = np.zeros(int(np.ceil(T / length)) + 1, dtype=int)
    bounds[1:] = length
    np.cumsum(bounds, out=bounds)
    bounds[-1] = T
    return bounds


def forward_in_chunks(xs, h0, params, length):
    hs = np.empty((len(xs) + 1, *h0.shape))
    h = copy.copy(h0)
    for start in range(0, len(xs), length):
        new = rnn_sequence.rnn_forward(xs[start : start + length].copy(), h.copy(), params)
        hs[start : start + len(new)] = new
        h = new[len(new) - 1]
    return hs


def backward_in_chunks(dhs, xs, hs, params, length):
    result = copy.deepcopy(params)
    for array in result:
        array *= 0
    for start in range(0, len(xs), length):
        stop = min(start + length, len(xs))
        _, _, grads = bptt.rnn_backward(
            dhs[start:stop].copy(), xs[start:stop].copy(), hs[start : stop + 1].copy(), params
        )
        for array, grad in zip(result, grads):
            np.add(array, grad, out=array)
    return result


def backward_in_windows(dhs, xs, hs, params, window):
    result = copy.deepcopy(params)
    for array in result:
        array.fill(0)
    for t in range(len(xs)):
        only = np.array(dhs[: t + 1])
        only[:t] = 0
        first = 0 if t < window else t - window + 1
        _, _, grads = bptt.rnn_backward(only[first:], xs[first : t + 1], hs[first : t + 2], params)
        for array, grad in zip(result, grads):
            array += grad
    return result


def lag_gradients(dh_last, hs, params):
    T = len(hs) - 1
    parts = np.zeros((T, hs.shape[1], hs.shape[1]))
    dh = dh_last.copy()
    for k in range(T):
        dh *= 1 - hs[T - k] ** 2
        np.matmul(dh, hs[T - k - 1].T, out=parts[k])
        dh = params.Whh.T @ dh
    return parts


def missing_share(parts):
    left = parts.sum(axis=0)
    size = np.linalg.norm(left)
    shares = np.empty(len(parts))
    for k, part in enumerate(parts):
        left = left - part
        shares[k] = np.linalg.norm(left) / size
    return shares
