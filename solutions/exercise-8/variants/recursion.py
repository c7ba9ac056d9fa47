import numpy as np


def sigmoid(a):
    e = np.exp(-np.abs(a))
    return np.where(a < 0, e / (1 + e), 1 / (1 + e))


def front(one, rest):
    return np.concatenate((one[np.newaxis], rest))


def lstm_forward(xs, h0, c0, params):
    """A sequence is its first step, followed by a shorter sequence."""
    if len(xs) == 0:
        none = np.zeros((0, *h0.shape))
        return h0[np.newaxis], c0[np.newaxis], (none, none, none, none)
    Wf, Wi, WC, Wo, bf, bi, bC, bo = params
    z = np.r_[h0, xs[0]]
    now = sigmoid(Wf @ z + bf), sigmoid(Wi @ z + bi), np.tanh(WC @ z + bC), sigmoid(Wo @ z + bo)
    f, i, g, o = now
    c = f * c0 + i * g
    hs, cs, later = lstm_forward(xs[1:], o * np.tanh(c), c, params)
    return front(h0, hs), front(c0, cs), tuple(front(one, rest) for one, rest in zip(now, later))


def init_lstm(input_size, hidden_size, forget_bias, seed):
    def draw(rng, count):
        if count == 0:
            return ()
        size = hidden_size, hidden_size + input_size
        first = (2 * rng.random(size) - 1) / np.sqrt(hidden_size)
        return (first, *draw(rng, count - 1))

    zeros = np.zeros((hidden_size, 1))
    return (*draw(np.random.default_rng(seed), 4), zeros + forget_bias, zeros, zeros, zeros)
