"""Masks are booleans, and they index."""

import numpy as np


def pad(sequences):
    lengths = np.array(list(map(len, sequences)))
    N, T, D = len(sequences), lengths.max(), sequences[0].shape[1]
    xs = np.zeros((N, T, D))
    xs[np.arange(T) < lengths[:, None]] = np.vstack(sequences)
    return xs.transpose(1, 2, 0), lengths


def step_mask(lengths, T):
    return np.arange(T)[:, None] < lengths


def last_states(hs, lengths):
    return hs[lengths, :, np.arange(len(lengths))].T


def last_states_backward(dh_last, lengths, T):
    dhs = np.zeros((T, *dh_last.shape))
    dhs[lengths - 1, :, np.arange(len(lengths))] = dh_last.T
    return dhs


def masked_cross_entropy(ys, targets, mask):
    real = mask == 1
    y = ys.transpose(0, 2, 1)[real]  # (M, V), the real steps only
    right = targets[real]
    y = y - y.max(axis=1, keepdims=True)
    p = np.exp(y)
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = np.mean(np.log(np.exp(y).sum(axis=1)) - y[rows, right])
    p[rows, right] -= 1
    dys = np.zeros(ys.shape).transpose(0, 2, 1).copy()
    dys[real] = p / len(y)
    return loss, dys.transpose(0, 2, 1)


def masked_rnn_forward(xs, mask, h0, params):
    hs = np.repeat(h0[None], len(xs) + 1, axis=0)
    for t in range(len(xs)):
        on = mask[t].astype(bool)
        hs[t + 1] = hs[t]
        hs[t + 1][:, on] = np.tanh(params.Wxh @ xs[t][:, on] + params.Whh @ hs[t][:, on] + params.bh)
    return hs


def masked_rnn_backward(dhs, xs, hs, mask, params):
    dxs = np.zeros(xs.shape)
    dWxh, dWhh, dbh = (np.zeros(p.shape) for p in params)
    dh = np.zeros(hs[0].shape)
    for t in range(len(xs) - 1, -1, -1):
        on = mask[t] > 0
        dh += dhs[t]
        da = dh[:, on] * (1 - hs[t + 1][:, on] ** 2)
        dxs[t][:, on] = params.Wxh.T @ da
        dWxh += da @ xs[t][:, on].T
        dWhh += da @ hs[t][:, on].T
        dbh += da.sum(1, keepdims=True)
        dh[:, on] = params.Whh.T @ da
    return dxs, dh, type(params)(dWxh, dWhh, dbh)
