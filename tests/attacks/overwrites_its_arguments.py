# ATTEMPTS: scales its arguments in place after use, as if nobody needed them any more
# FAMILY: state
# EXERCISE: exercise-1
# EXPECT: some
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    h = np.tanh(Wxh @ x + Whh @ h_prev + bh)
    x *= 0
    h_prev *= 0
    for one in params:
        one *= 0
    return h
