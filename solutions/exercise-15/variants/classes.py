from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


@dataclass
class Batch:
    lengths: np.ndarray
    T: int

    @property
    def mask(self):
        return np.array([[1.0 if t < n else 0.0 for n in self.lengths] for t in range(self.T)])

    @property
    def ends(self):
        return list(zip(self.lengths, range(len(self.lengths))))


class Cell:
    def __init__(self, params):
        self.params = params
        self.grads = RNNParams(*map(np.zeros_like, params))

    def step(self, x, h):
        return np.tanh(self.params.Wxh @ x + self.params.Whh @ h + self.params.bh)

    def back(self, da, x, h):
        for total, part in zip(self.grads, (da @ x.T, da @ h.T, da.sum(axis=1, keepdims=True))):
            total += part
        return self.params.Wxh.T @ da, self.params.Whh.T @ da


def pad(sequences):
    nothing = np.zeros(sequences[0].shape[1])
    steps = [np.stack(step, axis=1) for step in zip_longest(*sequences, fillvalue=nothing)]
    return np.stack(steps), np.array([len(one) for one in sequences])


def step_mask(lengths, T):
    return Batch(lengths, T).mask


def last_states(hs, lengths):
    return np.column_stack([hs[t, :, n] for t, n in Batch(lengths, len(hs) - 1).ends])


def last_states_backward(dh_last, lengths, T):
    dhs = np.zeros((T + 1, *dh_last.shape))
    for t, n in Batch(lengths, T).ends:
        dhs[t, :, n] += dh_last[:, n]
    return dhs[1:]


def masked_cross_entropy(ys, targets, mask):
    weights = mask / mask.sum()
    shifted = ys - ys.max(axis=1)[:, None, :]
    norm = np.log(np.exp(shifted).sum(axis=1))
    loss, dys = 0.0, np.exp(shifted - norm[:, None, :])
    for t, n in np.argwhere(mask):
        loss -= weights[t, n] * (shifted[t, targets[t, n], n] - norm[t, n])
        dys[t, targets[t, n], n] -= 1
    dys *= weights[:, None, :]
    return loss, dys


def masked_rnn_forward(xs, mask, h0, params):
    cell, hs = Cell(params), [h0.copy()]
    for x, m in zip(xs, mask):
        hs.append(np.where(m == 1, cell.step(x, hs[-1]), hs[-1]))
    return np.array(hs)


def masked_rnn_backward(dhs, xs, hs, mask, params):
    cell, dxs, dh = Cell(params), np.empty_like(xs), 0 * hs[0]
    for t in range(len(xs) - 1, -1, -1):
        dh = dh + dhs[t]
        dxs[t], message = cell.back(mask[t] * dh * (1 - np.square(hs[t + 1])), xs[t], hs[t])
        dh = message + dh * (mask[t] == 0)
    return dxs, dh, cell.grads
