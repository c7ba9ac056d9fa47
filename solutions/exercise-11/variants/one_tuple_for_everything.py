"""LSTM and output layer in one named tuple, so that one call of adam_step moves them all."""

from typing import NamedTuple

import numpy as np

import bptt
import losses
import lstm_bptt
import lstm_sequence
import rnn_sequence


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


class LSTMParams(NamedTuple):
    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray
    bf: np.ndarray
    bi: np.ndarray
    bC: np.ndarray
    bo: np.ndarray


class Everything(NamedTuple):
    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray
    bf: np.ndarray
    bi: np.ndarray
    bC: np.ndarray
    bo: np.ndarray
    Wy: np.ndarray
    by: np.ndarray


class ToyModel(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray
    Why: np.ndarray
    by: np.ndarray


class AdamState(NamedTuple):
    m: tuple
    v: tuple
    t: int


def report(step, loss):
    if step % 50 == 0:
        print(step, loss)


def sgd_step(params, grads, lr):
    def move(pair):
        p, g = pair
        return p + -lr * g

    return type(params)._make(map(move, zip(params, grads)))


def adam_step(params, grads, state, lr):
    m, v, t = state
    t = t + 1
    make = type(params)._make
    m = make([0.9 * a + 0.1 * g for a, g in zip(m, grads)])
    v = make([0.999 * a + 0.001 * g * g for a, g in zip(v, grads)])
    rate = lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    small = 1e-8 * np.sqrt(1 - 0.999**t)
    return make([p - rate * a / (np.sqrt(b) + small) for p, a, b in zip(params, m, v)]), AdamState(m, v, t)


def clip(grads, max_norm):
    norm = np.sqrt(np.sum([np.vdot(g, g) for g in grads]))
    return type(grads)(*[g / max(norm / max_norm, 1) for g in grads])


def train_toy(xs, targets, params, Why, by, lr, steps):
    T, D, N = xs.shape
    model = ToyModel(*params, Why, by)
    curve = []
    for step in range(steps):
        recurrence = RNNParams(*model[:3])
        hs = rnn_sequence.rnn_forward(xs, np.zeros((model.Whh.shape[0], N)), recurrence)
        loss, dy = losses.binary_cross_entropy(rnn_sequence.output_forward(hs[T], *model[3:]), targets)
        report(step, loss)
        curve += [loss]
        dh, *doutput = losses.output_backward(dy, hs[T], model.Why)
        dhs = np.stack([dh if t == T - 1 else np.zeros_like(dh) for t in range(T)])
        *_, drecurrence = bptt.rnn_backward(dhs, xs, hs, recurrence)
        model = sgd_step(model, ToyModel(*drecurrence, *doutput), lr)
    return RNNParams(*model[:3]), model.Why, model.by, np.array(curve)


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    S, T, D, N = xs.shape
    model = Everything(*params, Wy, by)
    nothing = Everything(*[np.zeros(p.shape) for p in model])
    state = AdamState(nothing, nothing, 0)
    curve = np.full(S, np.nan)
    for s in range(S):
        lstm = LSTMParams(*model[:8])
        start = np.zeros((lstm.Wf.shape[0], N))
        trace = lstm_sequence.lstm_forward(xs[s], start, start.copy(), lstm)
        error = rnn_sequence.output_forward(trace.hs[T], model.Wy, model.by) - targets[s][np.newaxis]
        curve[s] = np.sum(error**2) / N
        report(s, curve[s])
        dh, *doutput = losses.output_backward(error * (2 / N), trace.hs[T], model.Wy)
        dhs = np.zeros((T, *dh.shape))
        dhs[T - 1] = dh
        *_, dlstm = lstm_bptt.lstm_backward(dhs, np.zeros_like(dh), xs[s], trace, lstm)
        model, state = adam_step(model, clip(Everything(*dlstm, *doutput), max_norm), state, lr)
    return LSTMParams(*model[:8]), model.Wy, model.by, curve
