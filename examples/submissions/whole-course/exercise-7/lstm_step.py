from typing import NamedTuple

import numpy as np


class Gates(NamedTuple):
    f: np.ndarray
    i: np.ndarray
    g: np.ndarray
    o: np.ndarray


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def lstm_step_forward(x, h_prev, c_prev, params):
    W, b = np.concatenate(params[:4]), np.concatenate(params[4:])
    f, i, g, o = np.split(W @ np.concatenate([h_prev, x]) + b, 4)  # in the order of the fields
    gates = Gates(sigmoid(f), sigmoid(i), np.tanh(g), sigmoid(o))
    c = gates.f * c_prev + gates.i * gates.g
    return gates.o * np.tanh(c), c, gates
