from typing import NamedTuple

import numpy as np


class GRUGates(NamedTuple):
    r: np.ndarray
    z: np.ndarray
    g: np.ndarray


def sigmoid(a):
    return np.exp(-np.logaddexp(0, -a))


def sample(h, first, n, params, Why, by, uniforms, temperature):
    Wxh, Whh, bh = params
    drawn = [first]
    for u in uniforms[:n]:
        h = np.tanh(Wxh[:, [drawn[-1]]] + Whh @ h + bh)
        y = (Why @ h + by).ravel() / temperature
        p = np.exp(y - y.max())
        ladder = np.cumsum(p / p.sum())
        ladder[-1] = 1
        drawn.append(int(np.searchsorted(ladder, u, side="right")))
    return np.array(drawn[1:], dtype=int)


def language_model_loss(inputs, targets, h0, params, Why, by):
    Wxh, Whh, bh = params
    T, N = inputs.shape
    everyone = np.arange(N)
    loss, hs, dys = 0.0, [h0], []
    for symbols, wanted in zip(inputs, targets):
        hs.append(np.tanh(Wxh[:, symbols] + Whh @ hs[-1] + bh))
        y = Why @ hs[-1] + by
        logs = y - np.logaddexp.reduce(y, axis=0)
        loss += -logs[wanted, everyone].mean()
        dy = np.exp(logs)
        dy[wanted, everyone] -= 1
        dys.append(dy / N)
    dWxh, dWhh, dbh, dWhy, dby = (np.zeros_like(p) for p in (*params, Why, by))
    future = np.zeros_like(h0)
    for t in range(T)[::-1]:
        h, dy = hs[t + 1], dys[t]
        dWhy += dy @ h.T
        dby += dy.sum(axis=1, keepdims=True)
        da = (Why.T @ dy + future) * (1 - h**2)
        np.add.at(dWxh.T, inputs[t], da.T)
        dWhh += da @ hs[t].T
        dbh += da.sum(axis=1, keepdims=True)
        future = Whh.T @ da
    return loss, type(params)(dWxh, dWhh, dbh), dWhy, dby, hs[-1]


def gru_step_forward(x, h_prev, params, reset_after):
    p = params
    r = sigmoid(p.Wxr @ x + p.Whr @ h_prev + p.br)
    z = sigmoid(p.Wxu @ x + p.Whu @ h_prev + p.bu)
    if reset_after:
        g = np.tanh(p.Wxg @ x + p.bg + r * (p.Whg @ h_prev + p.bhg))
    else:
        g = np.tanh(p.Wxg @ x + p.bg + p.Whg @ (r * h_prev) + p.bhg)
    return g + z * (h_prev - g), GRUGates(r, z, g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    p, (r, z, g) = params, gates
    ag = dh * (1 - z) * (1 - g**2)
    az = dh * (h_prev - g) * z * (1 - z)
    inner = r * ag if reset_after else ag  # what reaches the product with Whg
    seen = h_prev if reset_after else r * h_prev  # what that product was taken of
    back = p.Whg.T @ inner
    dr = ag * (p.Whg @ h_prev + p.bhg) if reset_after else back * h_prev
    ar = dr * r * (1 - r)
    dx = p.Wxr.T @ ar + p.Wxu.T @ az + p.Wxg.T @ ag
    dh_prev = dh * z + p.Whr.T @ ar + p.Whu.T @ az + (back if reset_after else back * r)
    total = lambda a: a.sum(axis=1, keepdims=True)  # noqa: E731
    grads = [ar @ x.T, az @ x.T, ag @ x.T, ar @ h_prev.T, az @ h_prev.T, inner @ seen.T]
    return dx, dh_prev, type(p)(*grads, total(ar), total(az), total(ag), total(inner))
