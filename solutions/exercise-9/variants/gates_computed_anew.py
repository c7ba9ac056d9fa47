"""Trusts nobody: computes gates and cell once more from the inputs."""

import numpy as np


def sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    Wf, Wi, Wg, Wo, bf, bi, bg, bo = params
    hx = np.vstack([h_prev, x])
    forget = sigmoid(Wf @ hx + bf)
    write = sigmoid(Wi @ hx + bi)
    new = np.tanh(Wg @ hx + bg)
    read = sigmoid(Wo @ hx + bo)
    cell = forget * c_prev + write * new
    d_cell = dc + dh * read * (1 - np.tanh(cell) ** 2)
    d_forget = d_cell * c_prev * forget * (1 - forget)
    d_write = d_cell * new * write * (1 - write)
    d_new = d_cell * write * (1 - new**2)
    d_read = dh * np.tanh(cell) * read * (1 - read)
    d_hx = np.linalg.multi_dot([Wf.T, d_forget]) + Wi.T @ d_write + Wg.T @ d_new + Wo.T @ d_read
    size = h_prev.shape[0]
    dparams = [d @ hx.T for d in (d_forget, d_write, d_new, d_read)]
    dparams += [np.add.reduce(d, axis=1, keepdims=True) for d in (d_forget, d_write, d_new, d_read)]
    return [d_hx[size:], d_hx[:size], d_cell * forget, dparams]
