"""The four gates are one matrix, and all parameters are one long vector that Adam moves at once."""

from typing import NamedTuple

import numpy as np


class AdamState(NamedTuple):
    m: tuple
    v: tuple
    t: int


def flat(arrays):
    return np.concatenate([np.ravel(a) for a in arrays])


def unflat(vector, arrays):
    parts = np.split(vector, np.cumsum([a.size for a in arrays])[:-1])
    return [part.reshape(a.shape) for part, a in zip(parts, arrays)]


def sgd_step(params, grads, lr):
    return type(params)(*unflat(flat(params) - lr * flat(grads), params))


def adam(x, g, m, v, t, lr):
    m = 0.9 * m + (1 - 0.9) * g
    v = 0.999 * v + (1 - 0.999) * g**2
    return x - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def adam_step(params, grads, state, lr):
    kind, t = type(params), state.t + 1
    vectors = adam(flat(params), flat(grads), flat(state.m), flat(state.v), t, lr)
    x, m, v = (kind(*unflat(one, params)) for one in vectors)
    return x, AdamState(m, v, t)


def train_toy(xs, targets, params, Why, by, lr, steps):
    T, D, N = xs.shape
    H = params.bh.shape[0]
    W = np.hstack(params)  # (H, D + H + 1)
    losses = np.zeros(steps)
    for step in range(steps):
        inputs, states = [], [np.zeros((H, N))]
        for t in range(T):
            inputs.append(np.vstack((xs[t], states[-1], np.ones((1, N)))))
            states.append(np.tanh(W @ inputs[-1]))
        y = Why @ states[-1] + by
        sign = np.where(targets == 1, 1.0, -1.0)
        losses[step] = np.logaddexp(0, -sign * y).mean()
        dy = -sign / (1 + np.exp(sign * y)) / N
        dh, dW = Why.T @ dy, np.zeros_like(W)
        Why, by = Why - lr * dy @ states[-1].T, by - lr * dy.sum()
        for z, h in zip(reversed(inputs), reversed(states)):
            da = dh * (1 - h * h)
            dW += da @ z.T
            dh = (W.T @ da)[D : D + H]
        W = W - lr * dW
    return type(params)(*np.split(W, [D, D + H], axis=1)), Why, by, losses


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    S, T, D, N = xs.shape
    H = Wy.shape[1]
    W, b = np.vstack(params[:4]), np.vstack(params[4:])  # (4H, H + D), (4H, 1)
    x = flat((W, b, Wy, by))
    m, v = np.zeros_like(x), np.zeros_like(x)
    losses = np.zeros(S)
    for s in range(S):
        W, b, Wy, by = unflat(x, (W, b, Wy, by))
        h, c, saved = np.zeros((H, N)), np.zeros((H, N)), []
        for t in range(T):
            z = np.vstack((h, xs[s, t]))
            a = W @ z + b
            gates = 0.5 * (1 + np.tanh(0.5 * a))
            f, i, _, o = np.split(gates, 4)
            g = np.tanh(a[2 * H : 3 * H])
            before, c = c, f * c + i * g
            h = o * np.tanh(c)
            saved.append((z, f, i, g, o, before, c))
        error = Wy @ h + by - targets[s]
        losses[s] = np.square(error).mean()
        dy = 2 / N * error
        dWy, dby = dy @ h.T, dy.sum(axis=1, keepdims=True)
        dW, db = np.zeros_like(W), np.zeros_like(b)
        dh, dc = Wy.T @ dy, np.zeros((H, N))
        for z, f, i, g, o, before, c in saved[::-1]:
            tanh_c = np.tanh(c)
            dc = dc + dh * o * (1 - tanh_c**2)
            da = np.concatenate(
                (
                    dc * before * f * (1 - f),
                    dc * g * i * (1 - i),
                    dc * i * (1 - g * g),
                    dh * tanh_c * o * (1 - o),
                )
            )
            dW += np.dot(da, z.T)
            db += np.sum(da, axis=1, keepdims=True)
            dh = (W.T @ da)[:H]
            dc = dc * f
        grad = flat((dW, db, dWy, dby))
        grad = grad * min(1, max_norm / np.linalg.norm(grad))
        x, m, v = adam(x, grad, m, v, s + 1, lr)
    W, b, Wy, by = unflat(x, (W, b, Wy, by))
    return type(params)(*np.split(W, 4), *np.split(b, 4)), Wy, by, losses
