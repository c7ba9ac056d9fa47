# ATTEMPTS: nothing: the formula, with a class of the student's own for the parameters
# FAMILY: control
# EXERCISE: exercise-3
# EXPECT: all
# COVERED-BY:
from collections import namedtuple

import numpy as np

RNNParams = namedtuple("RNNParams", "Wxh Whh bh")


def rnn_step_backward(dh, x, h_prev, h, params):
    dz = dh * (1 - h * h)
    gradients = RNNParams(bh=dz.sum(1, keepdims=True), Wxh=dz @ x.T, Whh=dz @ h_prev.T)
    return np.dot(params.Wxh.T, dz), np.dot(params.Whh.T, dz), gradients
