from typing import NamedTuple

import bptt
import losses
import lstm_bptt
import lstm_sequence
import numpy as np
import rnn_sequence


class AdamState(NamedTuple):
    m: tuple
    v: tuple
    t: int


def like(params, arrays):
    return type(params)(*arrays)


def sgd_step(params, grads, lr):
    return like(params, [p - lr * g for p, g in zip(params, grads)])


def adam_step(params, grads, state, lr):
    m, v, t = state
    t = t + 1
    m = like(params, [0.9 * old + 0.1 * g for old, g in zip(m, grads)])
    v = like(params, [0.999 * old + 0.001 * g**2 for old, g in zip(v, grads)])
    moved = []
    for p, mean, square in zip(params, m, v):
        step = (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
        moved.append(p - lr * step)
    return like(params, moved), AdamState(m, v, t)


def train_toy(xs, targets, params, Why, by, lr, steps):
    curve = []
    for step in range(steps):
        h0 = np.zeros((len(params.Whh), xs.shape[2]))
        hs = rnn_sequence.rnn_forward(xs, h0, params)
        loss, dy = losses.binary_cross_entropy(rnn_sequence.output_forward(hs[-1], Why, by), targets)
        curve.append(loss)
        dh, dWhy, dby = losses.output_backward(dy, hs[-1], Why)
        dhs = np.zeros_like(hs[1:])
        dhs[-1] = dh
        grads = bptt.rnn_backward(dhs, xs, hs, params)[2]
        params = sgd_step(params, grads, lr)
        Why, by = Why - lr * dWhy, by - lr * dby
    return params, Why, by, np.array(curve)


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    kind, curve = type(params), []
    everything = (*params, Wy, by)
    state = AdamState(*([np.zeros_like(p) for p in everything] for _ in "mv"), 0)
    zeros = np.zeros((len(params.bf), xs.shape[-1]))
    for step, (x, target) in enumerate(zip(xs, targets)):
        params, Wy, by = kind(*everything[:8]), *everything[8:]
        trace = lstm_sequence.lstm_forward(x, zeros, zeros, params)
        error = Wy @ trace.hs[-1] + by - target
        curve.append(np.mean(error**2))
        if step % 20 == 0:
            print(f"step {step}: loss {curve[-1]:.4f}", flush=True)
        dh, dWy, dby = losses.output_backward(2 * error / error.size, trace.hs[-1], Wy)
        dhs = np.zeros_like(trace.hs[1:])
        dhs[-1] = dh
        grads = (*lstm_bptt.lstm_backward(dhs, zeros, x, trace, params)[3], dWy, dby)
        norm = np.sqrt(sum(np.vdot(g, g) for g in grads))
        grads = [g * min(1, max_norm / norm) for g in grads]
        m = [0.9 * old + 0.1 * g for old, g in zip(state.m, grads)]
        v = [0.999 * old + 0.001 * g**2 for old, g in zip(state.v, grads)]
        state = AdamState(m, v, state.t + 1)
        size = lr * np.sqrt(1 - 0.999**state.t) / (1 - 0.9**state.t)
        tiny = 1e-8 * np.sqrt(1 - 0.999**state.t)
        everything = [p - size * a / (np.sqrt(b) + tiny) for p, a, b in zip(everything, m, v)]
    return kind(*everything[:8]), *everything[8:], np.array(curve)
