from numpy import *
from numpy.random import default_rng


def sigmoid(a):
    return piecewise(a, [a >= 0], [lambda v: 1 / (1 + exp(-v)), lambda v: exp(v) / (1 + exp(v))])


def lstm_forward(xs, h0, c0, params):
    (T, D, N), H = xs.shape, h0.shape[0]
    hs = zeros((T + 1, H, N), order="F")
    cs = zeros((T + 1, H, N), order="F")
    f, i, g, o = (zeros((T, H, N), order="F") for _ in range(4))
    hs[0, :, :] = h0
    cs[0, :, :] = c0
    for t in range(1, T + 1):
        rows = concatenate((hs[t - 1], xs[t - 1])).T
        f[t - 1] = sigmoid(rows @ params[0].T + params[4].T).T
        i[t - 1] = sigmoid(rows @ params[1].T + params[5].T).T
        g[t - 1] = tanh(rows @ params[2].T + params[6].T).T
        o[t - 1] = sigmoid(rows @ params[3].T + params[7].T).T
        cs[t] = f[t - 1] * cs[t - 1] + i[t - 1] * g[t - 1]
        hs[t] = o[t - 1] * tanh(cs[t])
    return hs, cs, (f, i, g, o)


def init_lstm(input_size, hidden_size, forget_bias, seed):
    r = default_rng(seed)
    limit = hidden_size ** -0.5
    weights = [asfortranarray(r.uniform(-limit, limit, (hidden_size, hidden_size + input_size))) for k in range(4)]
    return tuple(weights) + (full((hidden_size, 1), forget_bias, dtype=float64),) + (zeros((hidden_size, 1)),) * 3
