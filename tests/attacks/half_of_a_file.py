# ATTEMPTS: the file ends in the middle of a line
# FAMILY: accident
# EXERCISE: exercise-3
# EXPECT: none
# SAYS: is not Python yet
# COVERED-BY:
import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    dz = dh * (1 - h**2
    dx = params[0].T @ dz
