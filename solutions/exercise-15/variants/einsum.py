import numpy as np


def pad(sequences):
    lengths = np.array([len(s) for s in sequences])
    xs = np.array([np.pad(s, ((0, lengths.max() - len(s)), (0, 0))) for s in sequences])
    return np.moveaxis(xs, 0, 2), lengths


def step_mask(lengths, T):
    return np.less.outer(np.arange(T), lengths).astype(np.float64)


def last_states(hs, lengths):
    at = np.eye(len(hs))[lengths]  # (N, T + 1)
    return np.einsum("nt,thn->hn", at, hs)


def last_states_backward(dh_last, lengths, T):
    at = np.eye(T)[lengths - 1]
    return np.einsum("nt,hn->thn", at, dh_last)


def masked_cross_entropy(ys, targets, mask):
    shares = np.exp(ys - ys.max(axis=1, keepdims=True))
    shares = shares / np.einsum("tvn->tn", shares)[:, None]
    right = (np.arange(ys.shape[1])[:, None] == targets[:, None]).astype(float)
    weights = mask / np.sum(mask)
    p = np.where(mask == 1, np.einsum("tvn,tvn->tn", shares, right), 1.0)
    return -np.log(p).sum() / mask.sum(), np.einsum("tvn,tn->tvn", shares - right, weights)


def masked_rnn_forward(xs, mask, h0, params):
    sums = np.einsum("hd,tdn->thn", params.Wxh, xs) + params.bh
    hs = np.empty((len(xs) + 1, *h0.shape))
    hs[0] = h0
    for t, a in enumerate(sums):
        step = np.tanh(a + np.einsum("hk,kn->hn", params.Whh, hs[t]))
        hs[t + 1] = hs[t] + mask[t] * (step - hs[t])
    return hs


def masked_rnn_backward(dhs, xs, hs, mask, params):
    das, dh = np.zeros(dhs.shape), np.zeros(hs[0].shape)
    for t in range(len(xs))[::-1]:
        dh = dh + dhs[t]
        das[t] = (1 - hs[t + 1]) * (1 + hs[t + 1]) * dh * mask[t]
        dh = dh - mask[t] * dh + params.Whh.T @ das[t]
    return (
        np.einsum("hd,thn->tdn", params.Wxh, das),
        dh,
        type(params)(
            np.einsum("thn,tdn->hd", das, xs),
            np.einsum("thn,tkn->hk", das, hs[:-1]),
            np.einsum("thn->h", das)[:, None],
        ),
    )
