"""Only the sequences that are still running are computed, as packed batches do it."""

import numpy as np


def pad(sequences):
    order = np.argsort([-len(s) for s in sequences], kind="stable")
    lengths = np.empty(len(sequences), dtype=int)
    xs = np.zeros((len(sequences[order[0]]), sequences[0].shape[1], len(sequences)))
    for n in order:
        lengths[n] = len(sequences[n])
        xs[: lengths[n], :, n] += sequences[n]
    return xs, lengths


def step_mask(lengths, T):
    mask = np.ones((T, len(lengths)))
    for n, length in enumerate(lengths):
        mask[length:, n] = 0.0
    return mask


def last_states(hs, lengths):
    h = hs[0].copy()
    for t in range(1, len(hs)):
        going = t <= np.asarray(lengths)
        h[:, going] = hs[t][:, going]
    return h


def last_states_backward(dh_last, lengths, T):
    dhs = np.zeros((T, *dh_last.shape))
    for t in range(T):
        ends = np.flatnonzero(np.asarray(lengths) == t + 1)
        dhs[t][:, ends] = dh_last[:, ends]
    return dhs


def masked_cross_entropy(ys, targets, mask):
    total, dys = 0.0, np.zeros_like(ys)
    for t in range(len(ys)):
        on = np.flatnonzero(mask[t])
        y = ys[t][:, on]
        y = y - np.max(y, axis=0, initial=-np.inf)
        p = np.exp(y) / np.exp(y).sum(axis=0)
        k = np.arange(len(on))
        total += (np.log(np.exp(y).sum(axis=0)) - y[targets[t, on], k]).sum()
        p[targets[t, on], k] -= 1
        dys[t][:, on] = p
    return total / mask.sum(), dys / mask.sum()


def masked_rnn_forward(xs, mask, h0, params):
    hs = np.zeros((len(xs) + 1, *h0.shape))
    hs[0] = h = h0.copy()
    for t, x in enumerate(xs):
        on = np.flatnonzero(mask[t])
        h = h.copy()
        h[:, on] = np.tanh(params.Wxh @ x[:, on] + params.Whh @ h[:, on] + params.bh)
        hs[t + 1] = h
    return hs


def masked_rnn_backward(dhs, xs, hs, mask, params):
    dh, dxs = np.zeros_like(hs[0]), np.zeros_like(xs)
    dWxh, dWhh, dbh = 0.0, 0.0, 0.0
    for t in reversed(range(len(xs))):
        dh = dh + dhs[t]
        on = np.flatnonzero(mask[t])
        da = dh[:, on] - dh[:, on] * hs[t + 1][:, on] ** 2
        dxs[t][:, on] = params.Wxh.T @ da
        dWxh = dWxh + da @ xs[t][:, on].T
        dWhh = dWhh + da @ hs[t][:, on].T
        dbh = dbh + da.sum(axis=1, keepdims=True)
        dh[:, on] = params.Whh.T @ da
    return dxs, dh, (dWxh, dWhh, dbh)
