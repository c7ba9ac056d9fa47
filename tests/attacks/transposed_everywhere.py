# ATTEMPTS: works with rows where the course has columns
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: shape|matmul|columns
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(x.T @ Wxh.T + h_prev.T @ Whh.T + bh.T)
