"""The backward pass is a complex step through the forward pass; the loss's gradient as well."""

import numpy as np


def pad(sequences):
    lengths = np.array([len(one) for one in sequences])
    xs = np.zeros((max(lengths), sequences[0].shape[1], len(sequences)))
    for column, one in zip(np.moveaxis(xs, 2, 0), sequences):
        column[: len(one)] = one
    return xs, lengths


def step_mask(lengths, T):
    return (np.mgrid[:T, : len(lengths)][0] < lengths) * 1.0


def last_states(hs, lengths):
    return np.take_along_axis(hs, np.asarray(lengths)[None, None, :], axis=0)[0]


def last_states_backward(dh_last, lengths, T):
    dhs = np.zeros((T, *dh_last.shape))
    np.put_along_axis(dhs, (np.asarray(lengths) - 1)[None, None, :], dh_last[None], axis=0)
    return dhs


def masked_cross_entropy(ys, targets, mask):
    y = ys - ys.max(axis=1, keepdims=True)
    log_p = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    picked = np.take_along_axis(log_p, targets[:, None] % ys.shape[1], axis=1)[:, 0]
    dys = np.exp(log_p)
    chosen = targets[:, None] % ys.shape[1]
    np.put_along_axis(dys, chosen, np.take_along_axis(dys, chosen, axis=1) - 1, axis=1)
    return -(picked * mask).sum() / mask.sum(), dys * mask[:, None] / mask.sum()


def run(xs, mask, h, Wxh, Whh, bh):
    hs = [h]
    for x, m in zip(xs, mask):
        h = m * np.tanh(Wxh @ x + Whh @ h + bh) + (1 - m) * h
        hs.append(h)
    return np.array(hs)


def masked_rnn_forward(xs, mask, h0, params):
    return run(xs, mask, h0, *params)


def masked_rnn_backward(dhs, xs, hs, mask, params):
    inputs = [part.astype(complex) for part in (xs, hs[0], *params)]
    grads = [np.zeros(part.shape) for part in inputs]
    for part, grad in zip(inputs, grads):
        for index in np.ndindex(part.shape):
            kept = part[index]
            part[index] = kept + 1e-150j
            grad[index] = (dhs * run(inputs[0], mask, *inputs[1:])[1:]).sum().imag / 1e-150
            part[index] = kept
    return grads[0], grads[1], tuple(grads[2:])
