"""Classes do the work; the functions are doors to them."""

from typing import NamedTuple

import numpy as np


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


class Writer:
    def __init__(self, h, params, Why, by, temperature=1.0):
        self.h, self.params, self.Why, self.by = h, params, Why, by
        self.temperature = temperature

    def read(self, symbol):
        self.h = np.tanh(self.params.Wxh[:, [symbol]] + self.params.Whh @ self.h + self.params.bh)

    @property
    def cumulative(self):
        y = (self.Why.dot(self.h) + self.by).flatten()
        odds = np.exp(y - y.max()) ** (1 / self.temperature)
        return np.add.accumulate(odds) / np.add.reduce(odds)

    def write(self, u):
        above = np.nonzero(self.cumulative > u)[0]
        return int(above[0]) if above.size else len(self.by) - 1


def sample(h, first, n, params, Why, by, uniforms, temperature):
    writer = Writer(h, params, Why, by, temperature)
    symbols = np.zeros(n, dtype="int32")
    symbol = first
    for k, u in enumerate(uniforms):
        writer.read(symbol)
        symbols[k] = symbol = writer.write(u)
    return symbols


class Chunk:
    def __init__(self, inputs, targets, params, Why, by):
        self.inputs, self.targets = inputs, targets
        self.params, self.Why, self.by = params, Why, by
        self.N = inputs.shape[1]

    def forward(self, h):
        self.states, self.probabilities, losses = [h], [], []
        for symbols, right in zip(self.inputs, self.targets):
            h = np.tanh(np.take(self.params.Wxh, symbols, axis=1) + self.params.Whh @ h + self.params.bh)
            y = self.Why @ h + self.by
            top = y.max(axis=0)
            e = np.exp(y - top)
            self.states.append(h)
            self.probabilities.append(e / e.sum(axis=0))
            losses.append(np.mean(np.log(e.sum(axis=0)) + top - y[right, range(self.N)]))
        return float(sum(losses))

    def backward(self):
        grads = {name: 0.0 for name in ("Wxh", "Whh", "bh", "Why", "by")}
        back = 0.0
        for t in reversed(range(len(self.inputs))):
            dy = self.probabilities[t] - np.eye(len(self.by))[self.targets[t]].T
            dy = dy / self.N
            dz = (self.Why.T @ dy + back) * (1 - self.states[t + 1] ** 2)
            back = self.params.Whh.T @ dz
            grads["Wxh"] = grads["Wxh"] + dz @ np.eye(len(self.by))[self.inputs[t]]
            grads["Whh"] = grads["Whh"] + dz @ self.states[t].T
            grads["bh"] = grads["bh"] + dz.sum(1, keepdims=True)
            grads["Why"] = grads["Why"] + dy @ self.states[t + 1].T
            grads["by"] = grads["by"] + dy.sum(1, keepdims=True)
        return grads


def language_model_loss(inputs, targets, h0, params, Why, by):
    chunk = Chunk(inputs, targets, params, Why, by)
    loss = chunk.forward(h0)
    g = chunk.backward()
    return loss, RNNParams(g["Wxh"], g["Whh"], g["bh"]), g["Why"], g["by"], chunk.states[-1]


class Unit:
    def __init__(self, params, reset_after):
        self.p = params
        self.before = not reset_after

    @staticmethod
    def gate(a):
        return np.where(a < 0, np.exp(np.minimum(a, 0)), 1) / (1 + np.exp(-np.abs(a)))

    def step(self, x, h):
        p = self.p
        r = self.gate(p.Wxr @ x + p.Whr @ h + p.br)
        z = self.gate(p.Wxu @ x + p.Whu @ h + p.bu)
        past = p.Whg @ (r * h) + p.bhg if self.before else r * (p.Whg @ h + p.bhg)
        g = np.tanh(p.Wxg @ x + past + p.bg)
        return g - z * g + z * h, [r, z, g]

    def back(self, dh, x, h, gates):
        p, (r, z, g) = self.p, gates
        dag = dh * (1 - z) * (1 - g * g)
        daz = dh * (h - g) * z * (1 - z)
        if self.before:
            dh_prev, dar, dWhg, dbhg = self.back_before(dag, h, r)
        else:
            dh_prev, dar, dWhg, dbhg = self.back_after(dag, h, r)
        dh_prev = dh_prev + dh * z + p.Whr.T @ dar + p.Whu.T @ daz
        dx = p.Wxr.T @ dar + p.Wxu.T @ daz + p.Wxg.T @ dag
        total = [da.sum(1).reshape(-1, 1) for da in (dar, daz, dag)]
        weights = [dar @ x.T, daz @ x.T, dag @ x.T, dar @ h.T, daz @ h.T, dWhg]
        return dx, dh_prev, type(p)(*weights, *total, dbhg)

    def back_before(self, dag, h, r):
        d = self.p.Whg.T @ dag
        return d * r, d * h * r * (1 - r), dag @ (r * h).T, dag.sum(1, keepdims=True)

    def back_after(self, dag, h, r):
        d = dag * r
        dar = d * (self.p.Whg @ h + self.p.bhg) * (1 - r)
        return self.p.Whg.T @ d, dar, d @ h.T, d.sum(1, keepdims=True)


def gru_step_forward(x, h_prev, params, reset_after):
    return Unit(params, reset_after).step(x, h_prev)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    return Unit(params, reset_after).back(dh, x, h_prev, gates)
