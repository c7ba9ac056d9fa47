# ATTEMPTS: computes with single precision, which is exact for no more than flat states
# FAMILY: dishonest
# EXERCISE: exercise-1
# EXPECT: some
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    z = Wxh.astype("f4") @ x.astype("f4") + Whh @ h_prev + bh
    return np.tanh(z)
