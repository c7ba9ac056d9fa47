"""No mask is used to compute with: every sequence is taken out, treated by itself and put back."""

import numpy as np


def pad(sequences):
    T = max(len(s) for s in sequences)
    xs = np.zeros((T, sequences[0].shape[1], len(sequences)))
    for n in range(len(sequences)):
        for t in range(len(sequences[n])):
            xs[t, :, n] = sequences[n][t]
    return xs, np.array([len(s) for s in sequences])


def step_mask(lengths, T):
    mask = np.zeros((T, len(lengths)))
    for n, length in enumerate(lengths):
        mask[:length, n] = 1
    return mask


def last_states(hs, lengths):
    out = np.zeros(hs.shape[1:])
    for n, length in enumerate(lengths):
        out[:, n] = hs[length][:, n]
    return out


def last_states_backward(dh_last, lengths, T):
    dhs = np.zeros((T,) + dh_last.shape)
    for n, length in enumerate(lengths):
        dhs[length - 1][:, n] = dh_last[:, n]
    return dhs


def masked_cross_entropy(ys, targets, mask):
    T, V, N = ys.shape
    loss, dys, count = 0.0, np.zeros((T, V, N)), 0
    for t in range(T):
        for n in range(N):
            if mask[t, n] == 0:
                continue
            y = ys[t, :, n]
            top = max(y)
            total = sum(np.exp(v - top) for v in y)
            loss += top + np.log(total) - y[targets[t, n]]
            dys[t, :, n] = np.exp(y - top) / total
            dys[t, targets[t, n], n] -= 1
            count += 1
    return loss / count, dys / count


def masked_rnn_forward(xs, mask, h0, params):
    Wxh, Whh, bh = params
    T, _, N = xs.shape
    hs = np.empty((T + 1, *h0.shape))
    for n in range(N):
        h = h0[:, n]
        hs[0, :, n] = h
        for t in range(T):
            if mask[t, n]:
                h = np.tanh(Wxh @ xs[t, :, n] + Whh @ h + bh[:, 0])
            hs[t + 1, :, n] = h
    return hs


def masked_rnn_backward(dhs, xs, hs, mask, params):
    Wxh, Whh, bh = params
    T, _, N = xs.shape
    dxs, dh0 = np.zeros_like(xs), np.zeros_like(hs[0])
    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)
    for n in range(N):
        dh = np.zeros(len(bh))
        for t in range(T)[::-1]:
            dh = dh + dhs[t, :, n]
            if mask[t, n]:
                da = dh * (1 - hs[t + 1, :, n] ** 2)
                dxs[t, :, n] = da @ Wxh
                dWxh += np.outer(da, xs[t, :, n])
                dWhh += np.outer(da, hs[t, :, n])
                dbh += da[:, None]
                dh = da @ Whh
        dh0[:, n] = dh
    return dxs, dh0, (dWxh, dWhh, dbh)
