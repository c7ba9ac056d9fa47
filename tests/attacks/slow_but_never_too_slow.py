# ATTEMPTS: stays just below the limit of a call and of loading, many times over
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: some
# LIMIT: waiting
# COVERED-BY:
import time

import numpy as np

time.sleep(1.5)


def rnn_step_forward(x, h_prev, params):
    time.sleep(2)
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
