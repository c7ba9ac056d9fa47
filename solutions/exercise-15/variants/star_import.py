from numpy import *


def pad(sequences):
    lengths = array([len(s) for s in sequences])
    xs = zeros((amax(lengths), sequences[0].shape[1], len(sequences)))
    for n, s in enumerate(sequences):
        xs[: s.shape[0], :, n] = s
    return xs, lengths


def step_mask(lengths, T):
    return where(arange(T).reshape(-1, 1) >= lengths, 0, 1)


def last_states(hs, lengths):
    return hs.transpose(2, 0, 1)[arange(len(lengths)), lengths].T


def last_states_backward(dh_last, lengths, T):
    return where(arange(1, T + 1)[:, newaxis, newaxis] == lengths, dh_last, 0.0)


def masked_cross_entropy(ys, targets, mask):
    V = ys.shape[1]
    top = ys.max(axis=1, keepdims=True)
    lse = top + log(exp(ys - top).sum(axis=1, keepdims=True))
    one_hot = equal(arange(V).reshape(1, V, 1), targets[:, newaxis, :])
    picked = where(one_hot, ys - lse, 0).sum(axis=1)
    dys = (exp(ys - lse) - one_hot) * mask[:, newaxis] / mask.sum()
    return -average(picked, weights=mask), dys


def masked_rnn_forward(xs, mask, h0, params):
    hs = zeros((len(xs) + 1,) + h0.shape)
    hs[0] = h0
    for t, (x, m) in enumerate(zip(xs, mask)):
        hs[t + 1] = choose(m.astype(int), [hs[t], tanh(params[0] @ x + params[1] @ hs[t] + params[2])])
    return hs


def masked_rnn_backward(dhs, xs, hs, mask, params):
    Wxh, Whh, bh = params
    T = len(xs)
    da = zeros(dhs.shape)
    message = zeros(h0_shape(hs))
    for t in reversed(range(T)):
        total = message + dhs[t]
        da[t] = total * mask[t] * (1 - hs[t + 1] ** 2)
        message = dot(Whh.T, da[t]) + total * (1 - mask[t])
    flat = lambda a: a.transpose(1, 0, 2).reshape(a.shape[1], -1)
    grads = flat(da) @ flat(xs).T, flat(da) @ flat(hs[:-1]).T, flat(da).sum(axis=1).reshape(-1, 1)
    return matmul(Wxh.T, da), message, grads


def h0_shape(hs):
    return hs.shape[1:]
