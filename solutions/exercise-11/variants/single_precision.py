"""The networks are trained in float32, and the results come back as they are."""

import numpy as np

import bptt
import losses
import lstm_bptt
import lstm_sequence
import rnn_sequence


def report(step: int, loss: float) -> None:
    pass


def sgd_step(params, grads, lr):
    return params.__class__(*(p - np.asarray(g) * lr for p, g in zip(params, grads, strict=True)))


def adam_step(params, grads, state, lr):
    m, v = list(state.m), list(state.v)
    t = int(state.t) + 1
    moved = list(params)
    for k in range(len(params)):
        m[k] = m[k] - 0.1 * (m[k] - grads[k])
        v[k] = v[k] - 0.001 * (v[k] - grads[k] ** 2)
        moved[k] = moved[k] - lr * (m[k] / (1 - 0.9**t)) / (np.sqrt(v[k] / (1 - 0.999**t)) + 1e-8)
    return params._make(moved), state._replace(m=params._make(m), v=params._make(v), t=t)


def single(*arrays):
    return [np.asarray(a, dtype=np.float32) for a in arrays]


def train_toy(xs, targets, params, Why, by, lr, steps):
    kind, (T, D, N) = type(params), xs.shape
    (xs, Why, by), params = single(xs, Why, by), kind(*single(*params))
    curve = np.zeros(steps, dtype=np.float32)
    for step in range(steps):
        hs = rnn_sequence.rnn_forward(xs, np.zeros((params.bh.shape[0], N), np.float32), params)
        curve[step], dy = losses.binary_cross_entropy(rnn_sequence.output_forward(hs[-1], Why, by), targets)
        dhs = np.zeros(hs[1:].shape, np.float32)
        dhs[-1], dWhy, dby = losses.output_backward(dy, hs[-1], Why)
        grads = bptt.rnn_backward(dhs, xs, hs, params)[2]
        params = kind(*single(*sgd_step(params, grads, lr)))
        Why, by = single(Why - lr * dWhy, by - lr * dby)
    return params, Why, by, curve


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    kind, (S, T, D, N) = type(params), xs.shape
    xs, targets, *model = single(xs, targets, *params, Wy, by)
    m, v = [np.zeros_like(p) for p in model], [np.zeros_like(p) for p in model]
    curve = np.zeros(S, dtype=np.float32)
    for s in range(S):
        lstm, Wy, by = kind(*model[:8]), model[8], model[9]
        zeros = np.zeros((Wy.shape[1], N), np.float32)
        trace = lstm_sequence.lstm_forward(xs[s], zeros, zeros, lstm)
        error = rnn_sequence.output_forward(trace.hs[-1], Wy, by) - targets[s]
        curve[s] = (error**2).mean()
        dhs = np.zeros((T, *zeros.shape), np.float32)
        dhs[-1], dWy, dby = losses.output_backward(2 * error / N, trace.hs[-1], Wy)
        grads = single(*lstm_bptt.lstm_backward(dhs, zeros, xs[s], trace, lstm)[3], dWy, dby)
        norm = np.sqrt(sum((g**2).sum() for g in grads))
        for k, g in enumerate(grads):
            g = g * np.float32(min(1, max_norm / norm))
            m[k] = np.float32(0.9) * m[k] + np.float32(0.1) * g
            v[k] = np.float32(0.999) * v[k] + np.float32(0.001) * g**2
            step = m[k] / (1 - 0.9 ** (s + 1)) / (np.sqrt(v[k] / (1 - 0.999 ** (s + 1))) + 1e-8)
            model[k] = (model[k] - lr * step).astype(np.float32)
    return kind(*model[:8]), model[8], model[9], curve
