"""Nothing is imported but NumPy: the networks are written out inside the training loops."""

import numpy as np


def sgd_step(params, grads, lr):
    new = []
    for i in range(len(params)):
        new.append(params[i] - lr * grads[i])
    return params._make(new)


def adam_step(params, grads, state, lr):
    m, v, t = state
    t += 1
    new_m, new_v, new_p = [], [], []
    for i in range(len(params)):
        new_m.append(0.9 * m[i] + 0.1 * grads[i])
        new_v.append(0.999 * v[i] + 0.001 * grads[i] * grads[i])
        m_hat = new_m[i] / (1 - 0.9**t)
        v_hat = new_v[i] / (1 - 0.999**t)
        new_p.append(params[i] - lr * m_hat / (v_hat**0.5 + 1e-8))
    return params._make(new_p), state._replace(m=params._make(new_m), v=params._make(new_v), t=t)


def train_toy(xs, targets, params, Why, by, lr, steps):
    T, D, N = xs.shape
    Wxh, Whh, bh = [p.copy() for p in params]
    Why, by = Why.copy(), by.copy()
    H = len(bh)
    losses = []
    for _ in range(steps):
        hs = [np.zeros((H, N))]
        for x in xs:
            hs.append(np.tanh(Wxh @ x + Whh @ hs[-1] + bh))
        y = Why @ hs[-1] + by
        p = 1 / (1 + np.exp(-y[0]))
        losses.append(-np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p)))
        dy = (p - targets)[np.newaxis, :] / N
        dWhy, dby = dy @ hs[-1].T, dy.sum(axis=1, keepdims=True)
        dh = Why.T @ dy
        dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)
        for t in range(T - 1, -1, -1):
            dz = dh * (1 - hs[t + 1] ** 2)
            dWxh += dz @ xs[t].T
            dWhh += dz @ hs[t].T
            dbh += dz.sum(axis=1, keepdims=True)
            dh = Whh.T @ dz
        for one, grad in ((Wxh, dWxh), (Whh, dWhh), (bh, dbh), (Why, dWhy), (by, dby)):
            one -= lr * grad
    return (Wxh, Whh, bh), Why, by, np.array(losses)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    everything = [np.array(p) for p in params] + [Wy.copy(), by.copy()]
    m = [np.zeros_like(p) for p in everything]
    v = [np.zeros_like(p) for p in everything]
    H = Wy.shape[1]
    S, T, D, N = xs.shape
    losses = np.zeros(S)
    for s in range(S):
        Wf, Wi, WC, Wo, bf, bi, bC, bo, Wy, by = everything
        h = np.zeros((H, N))
        c = np.zeros((H, N))
        tape = []
        for t in range(T):
            z = np.concatenate((h, xs[s, t]))
            f, i, o = sigmoid(Wf @ z + bf), sigmoid(Wi @ z + bi), sigmoid(Wo @ z + bo)
            g = np.tanh(WC @ z + bC)
            c_prev = c
            c = f * c + i * g
            tc = np.tanh(c)
            h = o * tc
            tape.append((z, f, i, g, o, c_prev, tc))
        e = Wy @ h + by - targets[s]
        losses[s] = (e * e).sum() / N
        dy = e * 2 / N
        grads = [np.zeros_like(p) for p in everything]
        grads[8] = dy @ h.T
        grads[9] = dy.sum(axis=1).reshape(1, 1)
        dh, dc = Wy.T @ dy, 0
        while tape:
            z, f, i, g, o, c_prev, tc = tape.pop()
            dc = dc + dh * o * (1 - tc**2)
            das = dc * c_prev * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * tc * o * (1 - o)
            dz = 0
            for k in range(4):
                grads[k] += das[k] @ z.T
                grads[4 + k] += das[k].sum(axis=1, keepdims=True)
                dz = dz + everything[k].T @ das[k]
            dh, dc = dz[:H], dc * f
        norm = sum((g**2).sum() for g in grads) ** 0.5
        if norm > max_norm:
            grads = [g * max_norm / norm for g in grads]
        for k, g in enumerate(grads):
            m[k] = 0.9 * m[k] + 0.1 * g
            v[k] = 0.999 * v[k] + 0.001 * g**2
            step = m[k] / (1 - 0.9 ** (s + 1)) / (np.sqrt(v[k] / (1 - 0.999 ** (s + 1))) + 1e-8)
            everything[k] = everything[k] - lr * step
    return everything[:8], everything[8], everything[9], losses
