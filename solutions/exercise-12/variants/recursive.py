"""A text is its first symbol and a shorter text; the gradient comes back as the calls return."""

import numpy as np
from collections import namedtuple

RNNParams = namedtuple("RNNParams", ["Wxh", "Whh", "bh"])
GRUParams = namedtuple("GRUParams", "Wxr Wxu Wxg Whr Whu Whg br bu bg bhg")
GRUGates = namedtuple("GRUGates", "r z g")


def draw(p, u, v=0):
    if v == len(p) - 1 or u < p[v]:
        return v
    return draw(p, u - p[v], v + 1)


def sample(h, first, n, params, Why, by, uniforms, temperature):
    if n == 0:
        return np.zeros(0, dtype=int)
    h = np.tanh(params.Wxh[:, first : first + 1] + params.Whh @ h + params.bh)
    y = (Why @ h + by).ravel() / temperature
    p = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
    symbol = draw(p, uniforms[0])
    rest = sample(h, symbol, n - 1, params, Why, by, uniforms[1:], temperature)
    return np.concatenate([[symbol], rest])


def language_model_loss(inputs, targets, h0, params, Why, by):
    V = Why.shape[0]

    def go(t, h_prev):
        """Loss and gradients of what comes from step t on, the last state, and the gradient at h_prev."""
        if t == len(inputs):
            zeros = [np.zeros_like(p) for p in (*params, Why, by)]
            return 0.0, zeros, h_prev, np.zeros_like(h_prev)
        x, target = np.eye(V)[inputs[t]].T, np.eye(V)[targets[t]].T
        h = np.tanh(params.Wxh @ x + params.Whh @ h_prev + params.bh)
        y = Why @ h + by
        y = y - y.max(axis=0, keepdims=True)
        p = np.exp(y) / np.exp(y).sum(axis=0, keepdims=True)
        loss, grads, h_last, dh = go(t + 1, h)
        dy = (p - target) / x.shape[1]
        dz = (dh + Why.T @ dy) * (1 - h**2)
        own = [dz @ x.T, dz @ h_prev.T, dz.sum(1, keepdims=True), dy @ h.T, dy.sum(1, keepdims=True)]
        loss -= np.log(p[target == 1]).sum() / x.shape[1]
        return loss, [a + b for a, b in zip(own, grads)], h_last, params.Whh.T @ dz

    loss, grads, h_last, _ = go(0, h0)
    return loss, RNNParams(*grads[:3]), *grads[3:], h_last


def sigma(a):
    return (1 + np.exp(-a)) ** -1


def gru_step_forward(x, h_prev, params, reset_after):
    p = params
    r, z = (
        sigma(Wx @ x + Wh @ h_prev + b) for Wx, Wh, b in ((p.Wxr, p.Whr, p.br), (p.Wxu, p.Whu, p.bu))
    )
    past = {True: lambda: r * (p.Whg @ h_prev + p.bhg), False: lambda: p.Whg @ (r * h_prev) + p.bhg}
    g = np.tanh(p.Wxg @ x + p.bg + past[reset_after]())
    return h_prev * z + g * (1 - z), GRUGates(r=r, z=z, g=g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    """One sequence is written out; more of them are that one, and the others."""
    N = x.shape[1]
    if N > 1:
        first = [a[:, :1] for a in (dh, x, h_prev)], [a[:, :1] for a in gates]
        others = [a[:, 1:] for a in (dh, x, h_prev)], [a[:, 1:] for a in gates]
        one, more = (
            gru_step_backward(*arrays, GRUGates(*own), params, reset_after) for arrays, own in (first, others)
        )
        dparams = GRUParams(*(a + b for a, b in zip(one[2], more[2])))
        return np.hstack([one[0], more[0]]), np.hstack([one[1], more[1]]), dparams
    r, z, g = gates.r, gates.z, gates.g
    dag = dh * (1 - z) * (1 - g**2)
    daz = dh * (h_prev - g) * z * (1 - z)
    if reset_after:
        J = r * params.Whg  # d past / d h_prev, rows scaled by r
        dpast, dar, seen = dag * r, dag * (params.Whg @ h_prev + params.bhg) * r * (1 - r), h_prev
    else:
        J = params.Whg * r.T  # columns scaled by r
        dpast, dar, seen = dag, (params.Whg * h_prev.T).T @ dag * r * (1 - r), r * h_prev
    dh_prev = J.T @ dag + dh * z + params.Whr.T @ dar + params.Whu.T @ daz
    dx = params.Wxr.T @ dar + params.Wxu.T @ daz + params.Wxg.T @ dag
    outer = [a @ x.T for a in (dar, daz, dag)] + [dar @ h_prev.T, daz @ h_prev.T, dpast @ seen.T]
    return dx, dh_prev, GRUParams(*outer, dar, daz, dag, dpast)
