# ATTEMPTS: returns many MB beside the one gradient that a check compares, for the grader to keep
# FAMILY: exhaustion
# EXERCISE: exercise-3
# EXPECT: some
# COVERED-BY:
import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    dz = dh * (1 - h**2)
    large = np.ones(@LARGE@ * 2**17)
    return params[0].T @ dz, large, (large[:1], dz @ h_prev.T, dz.sum(axis=1, keepdims=True))
