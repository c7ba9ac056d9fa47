"""Everything is copied once, and then changed in place."""

import numpy as np

import bptt
import losses
import lstm_bptt
import lstm_sequence
import rnn_sequence

beta1, beta2, eps = 0.9, 0.999, 1e-8


def sgd_step(params, grads, lr):
    result = type(params)(*[p.copy() for p in params])
    for r, g in zip(result, grads):
        np.subtract(r, lr * g, out=r)
    return result


def adam_in_place(params, grads, m, v, t, lr):
    for p, g, mean, square in zip(params, grads, m, v):
        mean += (1 - beta1) * (g - mean)
        square += (1 - beta2) * (g**2 - square)
        root = np.sqrt(square / (1 - beta2**t))
        root += eps
        p -= (lr / (1 - beta1**t)) * mean / root


def adam_step(params, grads, state, lr):
    copy = lambda arrays: type(params)(*[a.copy() for a in arrays])
    new, m, v = copy(params), copy(state.m), copy(state.v)
    adam_in_place(new, grads, m, v, state.t + 1, lr)
    return new, state.__class__(m, v, state.t + 1)


def train_toy(xs, targets, params, Why, by, lr, steps):
    params = type(params)(*[p.copy() for p in params])
    Why, by = np.copy(Why), np.copy(by)
    T, D, N = xs.shape
    h0, curve = np.zeros((params.bh.shape[0], N)), np.zeros(steps)
    dhs = np.zeros((T, *h0.shape))
    for step in range(steps):
        hs = rnn_sequence.rnn_forward(xs, h0, params)
        curve[step], dy = losses.binary_cross_entropy(rnn_sequence.output_forward(hs[-1], Why, by), targets)
        dhs[-1], dWhy, dby = losses.output_backward(dy, hs[-1], Why)
        _, _, grads = bptt.rnn_backward(dhs.copy(), xs, hs, params)
        for p, g in zip((*params, Why, by), (*grads, dWhy, dby)):
            p -= lr * g
    return params, Why, by, curve


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    params = type(params)(*[p.copy() for p in params])
    Wy, by = Wy.copy(), by.copy()
    model = [*params, Wy, by]
    m, v = [np.zeros_like(p) for p in model], [np.zeros_like(p) for p in model]
    S, T, D, N = xs.shape
    curve, dhs = np.zeros(S), np.zeros((T, Wy.shape[1], N))
    for s in range(S):
        nothing = np.zeros((Wy.shape[1], N))
        trace = lstm_sequence.lstm_forward(xs[s], nothing, nothing, params)
        dy = rnn_sequence.output_forward(trace.hs[-1], Wy, by)
        dy -= targets[s]
        curve[s] = np.dot(dy[0], dy[0]) / N
        dy *= 2
        dy /= N
        dhs[-1], dWy, dby = losses.output_backward(dy, trace.hs[-1], Wy)
        grads = [g.copy() for g in lstm_bptt.lstm_backward(dhs, nothing, xs[s], trace, params)[3]]
        grads.extend([dWy, dby])
        norm = np.sqrt(sum(np.dot(g.ravel(), g.ravel()) for g in grads))
        if norm > max_norm:
            for g in grads:
                g *= max_norm / norm
        adam_in_place(model, grads, m, v, s + 1, lr)
    return params, Wy, by, curve
