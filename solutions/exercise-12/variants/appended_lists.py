import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


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


class GRUGates(NamedTuple):
    r: np.ndarray
    z: np.ndarray
    g: np.ndarray


def softmax(y):
    e = np.exp(y - np.max(y, axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)


def one_hot(symbol, V):
    x = np.zeros((V, 1))
    x[symbol] = 1
    return x


def sample(h, first, n, params, Why, by, uniforms, temperature):
    V = len(by)
    symbols = [first]
    for u in uniforms[:n]:
        x = one_hot(symbols[-1], V)
        h = np.tanh(np.dot(params.Wxh, x) + np.dot(params.Whh, h) + params.bh)
        p = softmax((np.dot(Why, h) + by) / temperature).ravel()
        ix = np.searchsorted(np.cumsum(p), u, side="right")
        symbols.append(min(ix, V - 1))
    return np.array(symbols[1:])


def language_model_loss(inputs, targets, h0, params, Why, by):
    T, N = inputs.shape
    V = len(by)
    columns = np.arange(N)
    xs, hs, ps = [], [h0], []
    loss = 0
    for t in range(T):
        x = np.zeros((V, N))
        x[inputs[t], columns] = 1
        xs.append(x)
        hs.append(np.tanh(params.Wxh @ x + params.Whh @ hs[-1] + params.bh))
        ps.append(softmax(Why @ hs[-1] + by))
        loss += -np.mean(np.log(ps[-1][targets[t], columns]))
    grads = [np.zeros_like(p) for p in (*params, Why, by)]
    dh_next = 0
    for t in range(T - 1, -1, -1):
        dy = ps[t].copy()
        dy[targets[t], columns] -= 1
        dy /= N
        dz = (Why.T @ dy + dh_next) * (1 - hs[t + 1] ** 2)
        grads[0] += dz @ xs[t].T
        grads[1] += dz @ hs[t].T
        grads[2] += dz.sum(axis=1, keepdims=True)
        grads[3] += dy @ hs[t + 1].T
        grads[4] += dy.sum(axis=1, keepdims=True)
        dh_next = params.Whh.T @ dz
    return loss, RNNParams(*grads[:3]), grads[3], grads[4], hs[-1]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru_step_forward(x, h_prev, params, reset_after):
    p = params
    r = sigmoid(p.Wxr @ x + p.Whr @ h_prev + p.br)
    z = sigmoid(p.Wxu @ x + p.Whu @ h_prev + p.bu)
    if reset_after:
        g = np.tanh(p.Wxg @ x + p.bg + r * (p.Whg @ h_prev + p.bhg))
    else:
        g = np.tanh(p.Wxg @ x + p.bg + p.Whg @ (r * h_prev) + p.bhg)
    return z * h_prev + (1 - z) * g, GRUGates(r, z, g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    p = params
    r, z, g = gates
    dz = dh * h_prev - dh * g
    dg = dh * (1 - z)
    da_z = dz * z * (1 - z)
    da_g = dg * (1 - g * g)
    dh_prev = dh * z
    if reset_after:
        s = p.Whg @ h_prev + p.bhg
        da_r = da_g * s * r * (1 - r)
        ds = da_g * r
        dWhg = ds @ h_prev.T
        dbhg = ds.sum(axis=1, keepdims=True)
        dh_prev += p.Whg.T @ ds
    else:
        s = r * h_prev
        ds = p.Whg.T @ da_g
        da_r = ds * h_prev * r * (1 - r)
        dWhg = da_g @ s.T
        dbhg = da_g.sum(axis=1, keepdims=True)
        dh_prev += ds * r
    dh_prev += p.Whr.T @ da_r + p.Whu.T @ da_z
    dx = p.Wxr.T @ da_r + p.Wxu.T @ da_z + p.Wxg.T @ da_g
    dparams = GRUParams(
        da_r @ x.T,
        da_z @ x.T,
        da_g @ x.T,
        da_r @ h_prev.T,
        da_z @ h_prev.T,
        dWhg,
        da_r.sum(axis=1, keepdims=True),
        da_z.sum(axis=1, keepdims=True),
        da_g.sum(axis=1, keepdims=True),
        dbhg,
    )
    return dx, dh_prev, dparams
