from functools import reduce

import numpy as np


def one_sequence(dh, dc, x, h_prev, c_prev, c, f, i, g, o, params):
    z = np.concatenate((h_prev, x))
    dc = dc + dh * o / np.cosh(c) ** 2
    das = [dc * c_prev * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * np.tanh(c) * o * (1 - o)]
    dz = sum(da @ W for da, W in zip(das, params))
    shared = [np.outer(da, z) for da in das] + [da[:, None] for da in das]
    return dz[h_prev.size :], dz[: h_prev.size], dc * f, shared


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    arrays = (dh, dc, x, h_prev, c_prev, c, *gates)
    each = [one_sequence(*columns, params) for columns in zip(*(a.T for a in arrays))]
    dxs, dhs, dcs, shared = zip(*each)
    dparams = [reduce(np.add, one) for one in zip(*shared)]
    return np.stack(dxs, 1), np.stack(dhs, 1), np.stack(dcs, 1), tuple(dparams)
