# ATTEMPTS: adds an error that depends on the time of day
# FAMILY: state
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: different answers
# COVERED-BY:
import time

import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh) + 1e-6 * (0.1 + time.time() % 1)
