"""Every hidden unit has its own turn: slow, and right."""

import numpy as np


def sgd_step(params, grads, lr):
    moved = []
    for p, g in zip(params, grads):
        new = np.empty_like(p)
        for index in np.ndindex(p.shape):
            new[index] = p[index] - lr * g[index]
        moved.append(new)
    return type(params)(*moved)


def adam_step(params, grads, state, lr):
    t = state.t + 1
    new = [[np.empty_like(p) for p in params] for _ in range(3)]
    for k, g in enumerate(grads):
        for index in np.ndindex(g.shape):
            m = 0.9 * state.m[k][index] + 0.1 * g[index]
            v = 0.999 * state.v[k][index] + 0.001 * g[index] ** 2
            root = (v / (1 - 0.999**t)) ** 0.5
            new[0][k][index] = params[k][index] - lr * m / (1 - 0.9**t) / (root + 1e-8)
            new[1][k][index] = m
            new[2][k][index] = v
    p, m, v = (type(params)(*arrays) for arrays in new)
    return p, type(state)(m, v, t)


def train_toy(xs, targets, params, Why, by, lr, steps):
    Wxh, Whh, bh = params
    T, D, N = xs.shape
    H = bh.shape[0]
    losses = np.empty(steps)
    for step in range(steps):
        hs = np.zeros((T + 1, H, N))
        for t in range(T):
            for u in range(H):
                hs[t + 1, u] = np.tanh(Wxh[u] @ xs[t] + Whh[u] @ hs[t] + bh[u])
        y = by[0, 0] + sum(Why[0, u] * hs[T, u] for u in range(H))
        losses[step] = sum(np.logaddexp(0, y[n]) - targets[n] * y[n] for n in range(N)) / N
        dy = (1 / (1 + np.exp(-y)) - targets) / N
        dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)
        dh = np.outer(Why[0], dy)
        for t in reversed(range(T)):
            below = np.zeros((H, N))
            for u in range(H):
                dz = dh[u] * (1 - hs[t + 1, u] ** 2)
                dWxh[u] += xs[t] @ dz
                dWhh[u] += hs[t] @ dz
                dbh[u] += dz.sum()
                below += np.outer(Whh[u], dz)
            dh = below
        dWhy = np.array([[hs[T, u] @ dy for u in range(H)]])
        Wxh, Whh, bh = Wxh - lr * dWxh, Whh - lr * dWhh, bh - lr * dbh
        Why, by = Why - lr * dWhy, by - lr * dy.sum()
    return (Wxh, Whh, bh), Why, by, losses


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    model = [np.array(p) for p in (*params, Wy, by)]
    m, v = [0 * p for p in model], [0 * p for p in model]
    S, T, D, N = xs.shape
    H = Wy.shape[1]
    losses = []
    for s in range(S):
        W, b, (Wy, by) = np.array(model[:4]), np.array(model[4:8]), model[8:]
        hs, cs = np.zeros((T + 1, H, N)), np.zeros((T + 1, H, N))
        gates = np.zeros((T, 4, H, N))
        for t in range(T):
            z = np.vstack((hs[t], xs[s, t]))
            for u in range(H):
                a = W[:, u] @ z + b[:, u]
                f, i, _, o = gates[t, :, u] = 1 / (1 + np.exp(-a))
                g = gates[t, 2, u] = np.tanh(a[2])
                cs[t + 1, u] = f * cs[t, u] + i * g
                hs[t + 1, u] = o * np.tanh(cs[t + 1, u])
        error = Wy[0] @ hs[T] + by[0, 0] - targets[s]
        losses.append(np.mean(error**2))
        dy = 2 * error / N
        dW, db = np.zeros_like(W), np.zeros_like(b)
        dh, dc = np.outer(Wy[0], dy), np.zeros((H, N))
        for t in reversed(range(T)):
            z = np.vstack((hs[t], xs[s, t]))
            below = np.zeros((H, N))
            for u in range(H):
                f, i, g, o = gates[t, :, u]
                tanh_c = np.tanh(cs[t + 1, u])
                dc[u] += dh[u] * o * (1 - tanh_c**2)
                das = np.empty((4, N))
                das[0], das[1] = dc[u] * cs[t, u] * f * (1 - f), dc[u] * g * i * (1 - i)
                das[2], das[3] = dc[u] * i * (1 - g * g), dh[u] * tanh_c * o * (1 - o)
                dW[:, u] += das @ z.T
                db[:, u, 0] += das.sum(axis=1)
                below += W[:, u, :H].T @ das
                dc[u] *= f
            dh = below
        grads = [*dW, *db, np.array([hs[T] @ dy]), np.array([[dy.sum()]])]
        norm = np.sqrt(sum((g**2).sum() for g in grads))
        for k, g in enumerate(grads):
            g = g * min(1, max_norm / norm)
            m[k] = 0.9 * m[k] + 0.1 * g
            v[k] = 0.999 * v[k] + 0.001 * g**2
            root = np.sqrt(v[k] / (1 - 0.999 ** (s + 1)))
            model[k] = model[k] - lr * m[k] / (1 - 0.9 ** (s + 1)) / (root + 1e-8)
    return model[:8], model[8], model[9], np.array(losses)
