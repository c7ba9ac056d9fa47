from typing import NamedTuple

import numpy as np


class LSTMParams(NamedTuple):
    Wf: np.ndarray
    Wi: np.ndarray
    WC: np.ndarray
    Wo: np.ndarray
    bf: np.ndarray
    bi: np.ndarray
    bC: np.ndarray
    bo: np.ndarray


class Gate:
    """A squashed weighted sum; knows its slope."""

    def __init__(self, value, W, slope):
        self.value, self.W, self.slope = value, W, slope

    def backward(self, dvalue, z):
        self.da = dvalue * self.slope(self.value)
        self.dW = self.da.dot(z.T)
        self.db = self.da.sum(1, keepdims=True)
        return self.W.T.dot(self.da)


def sigmoid_slope(value):
    return value * (1 - value)


def tanh_slope(value):
    return 1 - value**2


class Cell:
    def __init__(self, gates, params):
        self.forget = Gate(gates.f, params.Wf, sigmoid_slope)
        self.input = Gate(gates.i, params.Wi, sigmoid_slope)
        self.candidate = Gate(gates.g, params.WC, tanh_slope)
        self.output = Gate(gates.o, params.Wo, sigmoid_slope)
        self.all = [self.forget, self.input, self.candidate, self.output]

    def backward(self, dh, dc, z, c_prev, c):
        shown = np.tanh(c)
        dc = dc + dh * self.output.value * tanh_slope(shown)
        dz = self.output.backward(dh * shown, z)
        dz = dz + self.forget.backward(dc * c_prev, z)
        dz = dz + self.input.backward(dc * self.candidate.value, z)
        dz = dz + self.candidate.backward(dc * self.input.value, z)
        return dz, dc * self.forget.value


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    cell = Cell(gates, params)
    dz, dc_prev = cell.backward(dh, dc, np.r_[h_prev, x], c_prev, c)
    dh_prev, dx = np.split(dz, [len(h_prev)])
    dparams = LSTMParams(*[gate.dW for gate in cell.all], *[gate.db for gate in cell.all])
    return dx, dh_prev, dc_prev, dparams
