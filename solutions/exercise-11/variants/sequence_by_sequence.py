"""Gradients of single sequences, added up over the batch; einsum where there is a product."""

from itertools import starmap

import numpy as np


def sgd_step(params, grads, lr):
    return type(params)(*starmap(lambda p, g: p - lr * g, zip(params, grads)))


def adam_step(params, grads, state, lr):
    count = state.t + 1
    kind = type(params)
    means = kind(*[sum((0.9 * m, 0.1 * g)) for m, g in zip(state.m, grads)])
    squares = kind(*[sum((0.999 * v, 0.001 * np.power(g, 2))) for v, g in zip(state.v, grads)])
    first, second = 1 - np.prod(np.full(count, 0.9)), 1 - np.prod(np.full(count, 0.999))
    moved = []
    for index in range(len(params)):
        direction = means[index] / first
        length = np.power(squares[index] / second, 0.5) + 1e-8
        moved.append(params[index] - lr * np.divide(direction, length))
    return kind(*moved), type(state)(means, squares, count)


def toy_gradients(x, label, Wxh, Whh, bh, Why, by):
    """Loss and gradients of one sequence (T, D)."""
    hs = np.zeros((len(x) + 1, len(bh)))
    for t in range(len(x)):
        hs[t + 1] = np.tanh(np.einsum("hd,d->h", Wxh, x[t]) + np.einsum("hk,k->h", Whh, hs[t]) + bh[:, 0])
    logit = float(Why[0] @ hs[-1] + by[0, 0])
    p = 1 / (1 + np.exp(-logit))
    loss = -np.log(p if label else 1 - p)
    dz = np.zeros((len(x), len(bh)))
    dh = (p - label) * Why[0]
    for t in reversed(range(len(x))):
        dz[t] = dh * (1 - hs[t + 1] ** 2)
        dh = np.einsum("hk,h->k", Whh, dz[t])
    return loss, [
        np.einsum("th,td->hd", dz, x),
        np.einsum("th,tk->hk", dz, hs[:-1]),
        dz.sum(axis=0)[:, None],
        (p - label) * hs[-1:],
        np.full((1, 1), p - label),
    ]


def train_toy(xs, targets, params, Why, by, lr, steps):
    model = [*params, Why, by]
    N = xs.shape[2]
    losses = np.zeros(steps)
    for step in range(steps):
        grads = [np.zeros_like(a) for a in model]
        for n in range(N):
            loss, ones = toy_gradients(xs[:, :, n], targets[n], *model)
            losses[step] += loss / N
            for g, one in zip(grads, ones):
                g += one / N
        model = [a - lr * g for a, g in zip(model, grads)]
    return type(params)(*model[:3]), model[3], model[4], losses


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    W, b = np.stack(params[:4]), np.stack(params[4:])  # (4, H, H + D), (4, H, 1)
    S, T, D, N = xs.shape
    H = b.shape[1]
    model = [W, b, Wy, by]
    m, v = [0, 0, 0, 0], [0, 0, 0, 0]
    losses = np.zeros(S)
    for s in range(S):
        W, b, Wy, by = model
        zs = np.zeros((T + 1, H + D, N))
        zs[:T, H:] = xs[s]
        cs, gates = np.zeros((T + 1, H, N)), np.zeros((T, 4, H, N))
        for t in range(T):
            a = np.einsum("ghz,zn->ghn", W, zs[t]) + b
            gates[t] = 1 / (1 + np.exp(-a))
            gates[t, 2] = np.tanh(a[2])
            f, i, g, o = gates[t]
            cs[t + 1] = f * cs[t] + i * g
            zs[t + 1, :H] = o * np.tanh(cs[t + 1])
        error = Wy @ zs[T, :H] + by - targets[s]
        losses[s] = np.mean(error**2)
        da = np.zeros_like(gates)
        dh, dc = Wy.T @ error * 2 / N, np.zeros((H, N))
        for t in reversed(range(T)):
            f, i, g, o = gates[t]
            tanh_c = np.tanh(cs[t + 1])
            dc = dc + dh * o * (1 - tanh_c**2)
            da[t] = dc * cs[t], dc * g, dc * i, dh * tanh_c
            da[t] *= gates[t] * (1 - gates[t])
            da[t, 2] = dc * i * (1 - g**2)
            dh = np.einsum("ghz,ghn->zn", W, da[t])[:H]
            dc = dc * f
        grads = [
            np.einsum("tghn,tzn->ghz", da, zs[:T]),
            da.sum(axis=(0, 3))[:, :, None],
            error @ zs[T, :H].T * 2 / N,
            np.full((1, 1), error.sum() * 2 / N),
        ]
        norm = np.sqrt(sum(np.einsum("i,i->", g, g) for g in map(np.ravel, grads)))
        for k, g in enumerate(grads):
            g = g / max(1, norm / max_norm)
            m[k] = 0.9 * m[k] + 0.1 * g
            v[k] = 0.999 * v[k] + 0.001 * g**2
            root = np.sqrt(v[k] / (1 - 0.999 ** (s + 1)))
            model[k] = model[k] - lr * m[k] / (1 - 0.9 ** (s + 1)) / (root + 1e-8)
    W, b, Wy, by = model
    return type(params)(*W, *b), Wy, by, losses
