import numpy as np


def pad(sequences):
    lengths = np.array([len(s) for s in sequences])
    return widen([np.asarray(s) for s in sequences], lengths.max()), lengths


def widen(sequences, T):
    if len(sequences) == 1:
        xs = np.zeros((T, sequences[0].shape[1], 1))
        xs[: len(sequences[0]), :, 0] = sequences[0]
        return xs
    return np.concatenate([widen(sequences[:1], T), widen(sequences[1:], T)], axis=2)


def step_mask(lengths, T):
    if T == 0:
        return np.zeros((0, len(lengths)))
    return np.concatenate([step_mask(lengths, T - 1), [(np.asarray(lengths) >= T).astype(float)]])


def last_states(hs, lengths):
    if len(hs) == 1:
        return hs[0]
    here = np.asarray(lengths) == len(hs) - 1
    return np.where(here, hs[-1], last_states(hs[:-1], np.minimum(lengths, len(hs) - 1)))


def last_states_backward(dh_last, lengths, T):
    if T == 0:
        return np.zeros((0, *dh_last.shape))
    last = np.where(np.asarray(lengths) == T, dh_last, 0.0)
    return np.concatenate([last_states_backward(dh_last, lengths, T - 1), last[None]])


def masked_cross_entropy(ys, targets, mask):
    p = np.exp(ys - np.logaddexp.reduce(ys, axis=1, keepdims=True))
    count = np.count_nonzero(mask)
    onehot = np.stack([targets == v for v in range(ys.shape[1])], axis=1)
    chosen = np.logaddexp.reduce(ys, axis=1) - (ys * onehot).sum(axis=1)
    return np.where(mask, chosen, 0).sum() / count, np.where(mask[:, None], p - onehot, 0) / count


def masked_rnn_forward(xs, mask, h0, params):
    if len(xs) == 0:
        return h0[None]
    new = np.tanh(params.Wxh @ xs[0] + params.Whh @ h0 + params.bh)
    h = new * mask[0] + h0 * (1 - mask[0])
    return np.concatenate([h0[None], masked_rnn_forward(xs[1:], mask[1:], h, params)])


def masked_rnn_backward(dhs, xs, hs, mask, params):
    if len(xs) == 0:
        return np.zeros(xs.shape), np.zeros(hs[0].shape), tuple(np.zeros(p.shape) for p in params)
    dxs, dh, grads = masked_rnn_backward(dhs[1:], xs[1:], hs[1:], mask[1:], params)
    dh = dh + dhs[0]
    da = dh * mask[0] * (1 - hs[1] ** 2)
    mine = da @ xs[0].T, da @ hs[0].T, da.sum(axis=1, keepdims=True)
    dh = params.Whh.T @ da + dh * (1 - mask[0])
    return np.concatenate([[params.Wxh.T @ da], dxs]), dh, tuple(a + b for a, b in zip(mine, grads))
