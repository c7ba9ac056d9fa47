# ATTEMPTS: computes with half precision: right to three digits
# FAMILY: dishonest
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: off in
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    x, h_prev, (Wxh, Whh, bh) = x.astype("f2"), h_prev.astype("f2"), params
    return np.tanh(Wxh.astype("f2") @ x + Whh.astype("f2") @ h_prev + bh.astype("f2"))
