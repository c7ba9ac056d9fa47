import numpy as np


def pad(sequences):
    lengths = [s.shape[0] for s in sequences]
    T, D = max(lengths), sequences[0].shape[1]
    columns = [np.concatenate([s, np.zeros((T - len(s), D))]) for s in sequences]
    return np.stack(columns, axis=-1), np.array(lengths)


def step_mask(lengths, T):
    return np.stack([np.concatenate([np.ones(n), np.zeros(T - n)]) for n in lengths], axis=1)


def last_states(hs, lengths):
    return np.array([hs[n, :, k] for k, n in enumerate(lengths)]).T


def last_states_backward(dh_last, lengths, T):
    steps = []
    for t in range(T):
        steps.append(np.where(lengths == t + 1, dh_last, 0))
    return np.stack(steps)


def masked_cross_entropy(ys, targets, mask):
    losses, dys = [], []
    for y, target, real in zip(ys, targets, mask):
        e = np.exp(y - y.max(axis=0))
        p = e / e.sum(axis=0)
        dy = p.copy()
        for n in range(len(target)):
            dy[target[n], n] -= 1
            if real[n]:
                losses.append(-np.log(p[target[n], n]))
        dys.append(dy * real)
    return sum(losses) / len(losses), np.array(dys) / len(losses)


def masked_rnn_forward(xs, mask, h0, params):
    hs = [h0]
    for x, real in zip(xs, mask):
        new = np.tanh(np.dot(params.Wxh, x) + np.dot(params.Whh, hs[-1]) + params.bh)
        hs.append(np.where(real, new, hs[-1]))
    return np.array(hs)


def masked_rnn_backward(dhs, xs, hs, mask, params):
    dh = np.zeros_like(hs[0])
    dxs, parts = [], []
    for own, x, old, new, real in zip(dhs[::-1], xs[::-1], hs[-2::-1], hs[:0:-1], mask[::-1]):
        dh = dh + own
        da = np.where(real, dh * (1 - new**2), 0)
        dxs.append(params.Wxh.T @ da)
        parts.append((da @ x.T, da @ old.T, da.sum(axis=1)[:, np.newaxis]))
        dh = np.where(real, params.Whh.T @ da, dh)
    return np.array(dxs[::-1]), dh, tuple(sum(part) for part in zip(*parts))
