"""The slope of tanh multiplied out: dz = dh - dh h h."""

import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    dz = dh - dh * h * h
    return (
        np.dot(params.Wxh.T, dz),
        np.dot(params.Whh.T, dz),
        (np.dot(dz, x.T), np.dot(dz, h_prev.T), np.sum(dz, axis=1, keepdims=True)),
    )
