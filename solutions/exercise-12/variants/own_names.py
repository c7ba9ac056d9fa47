"""Functions in a functional style, with names of their own."""

from functools import partial, reduce
from itertools import accumulate
from operator import add
from typing import NamedTuple

import numpy as np


class GRUParams(NamedTuple):
    Wxr: np.ndarray
    Wxu: np.ndarray
    Wxg: np.ndarray
    Whr: np.ndarray
    Whu: np.ndarray
    Whg: np.ndarray
    br: np.ndarray
    bu: np.ndarray
    bg: np.ndarray
    bhg: np.ndarray


def column(V, symbol):
    return np.array([[1.0 if v == symbol else 0.0] for v in range(V)])


def normalised(y):
    w = np.exp(y - np.max(y))
    return w / np.sum(w)


def rnn(p, V, state, symbol):
    return np.tanh(p[0] @ column(V, symbol) + p[1] @ state + p[2])


def sample(state, start, length, p, W, b, chance, heat):
    def advance(before, u):
        state = rnn(p, len(b), *before)
        edges = accumulate(normalised((W @ state + b) / heat)[:, 0])
        return state, next((v for v, edge in enumerate(edges) if u < edge), len(b) - 1)

    history = accumulate(chance[:length], advance, initial=(state, start))
    return np.array([symbol for _, symbol in history][1:])


def log_softmax(y):
    return y - np.logaddexp.reduce(y, axis=0, keepdims=True)


def language_model_loss(seen, wanted, state, p, W, b):
    T, N = seen.shape
    X = np.stack([np.hstack([column(len(b), v) for v in row]) for row in seen])
    Y = np.stack([np.hstack([column(len(b), v) for v in row]) for row in wanted])
    states = list(accumulate(X, lambda h, x: np.tanh(p.Wxh @ x + p.Whh @ h + p.bh), initial=state))
    logs = [log_softmax(W @ h + b) for h in states[1:]]
    loss = -sum(np.vdot(y, log) for y, log in zip(Y, logs)) / N
    errors = [(np.exp(log) - y) / N for y, log in zip(Y, logs)]

    def back(dz_later, pair):
        error, h = pair
        return (W.T @ error + p.Whh.T @ dz_later) * (1 - h**2)

    backwards = accumulate(zip(errors[::-1], states[:0:-1]), back, initial=np.zeros_like(state))
    dzs = list(backwards)[:0:-1]
    dparams = (
        reduce(add, (dz @ x.T for dz, x in zip(dzs, X))),
        reduce(add, (dz @ h.T for dz, h in zip(dzs, states))),
        reduce(add, dzs).sum(axis=1, keepdims=True),
    )
    dW = reduce(add, (e @ h.T for e, h in zip(errors, states[1:])))
    return loss, dparams, dW, reduce(add, errors).sum(axis=1, keepdims=True), states[-1]


def affine(v, s, W, U, b):
    return W @ v + U @ s + b


def squash(a):
    return np.divide(1, 1 + np.exp(-a))


def gru_step_forward(v, s, p: GRUParams, late):
    gate = partial(affine, v, s)
    reset, update = squash(gate(p.Wxr, p.Whr, p.br)), squash(gate(p.Wxu, p.Whu, p.bu))
    memory = (p.Whg @ s + p.bhg) * reset if late else p.Whg @ (s * reset) + p.bhg
    new = np.tanh(p.Wxg @ v + p.bg + memory)
    return update * s + (1 - update) * new, (reset, update, new)


def gru_step_backward(grad, v, s, gates, p: GRUParams, late):
    _, (reset, update, new) = gru_step_forward(v, s, p, late)
    to_new = grad * (1 - update) * (1 - new**2)
    to_update = grad * (s - new) * update * (1 - update)
    to_memory = to_new * reset if late else to_new
    pull = p.Whg.T @ to_memory
    to_reset = (to_new * (p.Whg @ s + p.bhg) if late else pull * s) * reset * (1 - reset)
    dv = p.Wxr.T @ to_reset + p.Wxu.T @ to_update + p.Wxg.T @ to_new
    ds = grad * update + p.Whr.T @ to_reset + p.Whu.T @ to_update + (pull if late else pull * reset)
    bias = partial(np.sum, axis=1, keepdims=True)
    remembered = s if late else s * reset
    return (
        dv,
        ds,
        GRUParams(
            bg=bias(to_new),
            bhg=bias(to_memory),
            br=bias(to_reset),
            bu=bias(to_update),
            Whg=to_memory @ remembered.T,
            Whr=to_reset @ s.T,
            Whu=to_update @ s.T,
            Wxg=to_new @ v.T,
            Wxr=to_reset @ v.T,
            Wxu=to_update @ v.T,
        ),
    )
