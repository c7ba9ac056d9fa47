"""Optimisers are objects with a memory; the networks are those of the earlier exercises."""

from typing import NamedTuple

import numpy as np

import bptt
import losses
import lstm_bptt
import lstm_sequence
import rnn_sequence


class AdamState(NamedTuple):
    m: tuple
    v: tuple
    t: int


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, params, grads):
        return [np.subtract(p, np.multiply(self.lr, g)) for p, g in zip(params, grads)]


class Adam:
    def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8):
        self.lr, self.betas, self.eps = lr, betas, eps
        self.t, self.m, self.v = 0, None, None

    def step(self, params, grads):
        if self.m is None:
            self.m = [0.0 for _ in params]
            self.v = [0.0 for _ in params]
        self.t += 1
        self.m = [old + (1 - self.betas[0]) * (g - old) for old, g in zip(self.m, grads)]
        self.v = [old + (1 - self.betas[1]) * (g * g - old) for old, g in zip(self.v, grads)]
        return [self._moved(*one) for one in zip(params, self.m, self.v)]

    def _moved(self, p, m, v):
        first, second = (1 - beta**self.t for beta in self.betas)
        return p - self.lr / first * m / (np.sqrt(v) / np.sqrt(second) + self.eps)


def sgd_step(params, grads, lr):
    return tuple(SGD(lr).step(params, grads))


def adam_step(params, grads, state, lr):
    adam = Adam(lr)
    adam.m, adam.v, adam.t = list(state.m), list(state.v), state.t
    moved = adam.step(params, grads)
    return tuple(moved), AdamState(tuple(adam.m), tuple(adam.v), adam.t)


class Trainer:
    def __init__(self, arrays, optimiser):
        self.arrays = list(arrays)
        self.optimiser = optimiser
        self.curve = []

    def run(self, batches, loss_and_grads):
        for batch in batches:
            loss, grads = loss_and_grads(self.arrays, *batch)
            self.curve.append(float(loss))
            self.arrays = self.optimiser.step(self.arrays, grads)


def train_toy(xs, targets, params, Why, by, lr, steps):
    kind = type(params)

    def loss_and_grads(arrays):
        *recurrence, Why, by = arrays
        hs = rnn_sequence.rnn_forward(xs, np.zeros((len(params.bh), xs.shape[2])), kind(*recurrence))
        loss, dy = losses.binary_cross_entropy(rnn_sequence.output_forward(hs[-1], Why, by), targets)
        dh, dWhy, dby = losses.output_backward(dy, hs[-1], Why)
        dhs = np.concatenate([np.zeros_like(hs[2:]), dh[np.newaxis]])
        return loss, [*bptt.rnn_backward(dhs, xs, hs, kind(*recurrence))[2], dWhy, dby]

    trainer = Trainer([*params, Why, by], SGD(lr))
    trainer.run([()] * steps, loss_and_grads)
    return kind(*trainer.arrays[:3]), *trainer.arrays[3:], np.array(trainer.curve)


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    kind = type(params)

    def loss_and_grads(arrays, x, target):
        lstm, Wy, by = kind(*arrays[:8]), arrays[8], arrays[9]
        zeros = np.zeros((lstm.bf.size, x.shape[2]))
        trace = lstm_sequence.lstm_forward(x, zeros, zeros, lstm)
        error = rnn_sequence.output_forward(trace.hs[-1], Wy, by).ravel() - target
        dh, dWy, dby = losses.output_backward(2 * error[None, :] / error.size, trace.hs[-1], Wy)
        dhs = np.zeros_like(trace.hs[1:])
        dhs[-1] += dh
        grads = [*lstm_bptt.lstm_backward(dhs, zeros, x, trace, lstm)[3], dWy, dby]
        norm = np.linalg.norm([np.linalg.norm(g) for g in grads])
        factor = 1 if norm <= max_norm else max_norm / norm
        return np.mean(error**2), [factor * g for g in grads]

    trainer = Trainer([*params, Wy, by], Adam(lr))
    trainer.run(zip(xs, targets), loss_and_grads)
    return kind(*trainer.arrays[:8]), *trainer.arrays[8:], np.array(trainer.curve)
