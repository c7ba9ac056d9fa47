import bptt
import numpy as np
import rnn_sequence


class Total:
    """Adds gradients up."""

    def __init__(self, params):
        self.kind = type(params)
        self.arrays = [np.zeros(p.shape) for p in params]

    def __iadd__(self, grads):
        for array, grad in zip(self.arrays, grads):
            array += grad
        return self

    def value(self):
        return self.kind(*self.arrays)


class Stream:
    def __init__(self, xs, hs, params):
        self.xs, self.hs, self.params = xs, hs, params

    def back(self, dhs, start, end):
        return bptt.rnn_backward(dhs, self.xs[start:end], self.hs[start : end + 1], self.params)[2]


def chunk_bounds(T, length):
    return np.unique(np.r_[0:T:length, T])


def forward_in_chunks(xs, h0, params, length):
    hs = np.repeat(h0[np.newaxis], len(xs) + 1, axis=0)
    for start in range(0, len(xs), length):
        chunk = xs[start : start + length]
        hs[start : start + len(chunk) + 1] = rnn_sequence.rnn_forward(chunk, hs[start], params)
    return hs


def backward_in_chunks(dhs, xs, hs, params, length):
    total, stream = Total(params), Stream(xs, hs, params)
    bounds = chunk_bounds(len(xs), length)
    for start, end in zip(bounds, bounds[1:]):
        total += stream.back(dhs[start:end], start, end)
    return total.value()


def backward_in_windows(dhs, xs, hs, params, window):
    total, stream = Total(params), Stream(xs, hs, params)
    for t in range(len(xs)):
        start = max(t + 1 - window, 0)
        own = np.concatenate([0 * dhs[start:t], dhs[t : t + 1]])
        total += stream.back(own, start, t + 1)
    return total.value()


def lag_gradients(dh_last, hs, params):
    def steps():
        dh = dh_last
        for t in reversed(range(len(hs) - 1)):
            da = dh * (1 - np.square(hs[t + 1]))
            yield np.matmul(da, hs[t].T)
            dh = np.matmul(params.Whh.T, da)

    return np.array(list(steps()))


def missing_share(parts):
    norm = np.linalg.norm
    kept = np.add.accumulate(parts)
    return np.array([norm(kept[-1] - one) for one in kept]) / norm(kept[-1])
