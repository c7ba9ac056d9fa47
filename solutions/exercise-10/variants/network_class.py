from collections import namedtuple

import numpy as np

LSTMParams = namedtuple("LSTMParams", ["Wf", "Wi", "WC", "Wo", "bf", "bi", "bC", "bo"])


class Backward:
    def __init__(self, xs, trace, params):
        self.xs, self.trace, self.params = xs, trace, params
        self.hidden = params.bf.size
        self.grads = {name: np.zeros_like(value) for name, value in params._asdict().items()}
        self.dxs = {}

    def run(self, dhs, dc_last):
        self.dh = np.zeros(dc_last.shape)
        self.dc = dc_last
        for t in sorted(range(len(self.xs)), reverse=True):
            self.dh = self.dh + dhs[t]
            self.step(t)
        dxs = np.stack([self.dxs[t] for t in range(len(self.xs))])
        return dxs, self.dh, self.dc, LSTMParams(**self.grads)

    def step(self, t):
        gates = self.trace.gates
        f, i, g, o = gates.f[t], gates.i[t], gates.g[t], gates.o[t]
        old, shown = self.trace.cs[t], np.tanh(self.trace.cs[t + 1])
        self.dc = self.dc + self.dh * o * (1 - shown**2)
        self.z = np.r_[self.trace.hs[t], self.xs[t]]
        self.dz = np.zeros(self.z.shape)
        self.gate("o", self.dh * shown * o * (1 - o))
        self.gate("C", self.dc * i * (1 - g**2))
        self.gate("i", self.dc * g * i * (1 - i))
        self.gate("f", self.dc * old * f * (1 - f))
        self.dh, self.dxs[t] = np.split(self.dz, [self.hidden])
        self.dc = self.dc * f

    def gate(self, name, da):
        self.grads["W" + name] = self.grads["W" + name] + da.dot(self.z.T)
        self.grads["b" + name] = self.grads["b" + name] + da.sum(1)[:, None]
        self.dz = self.dz + getattr(self.params, "W" + name).T.dot(da)


def lstm_backward(dhs, dc_last, xs, trace, params):
    return Backward(xs, trace, params).run(dhs, dc_last)
