# ATTEMPTS: a letter too few in the name of the function
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: defines no function
# COVERED-BY:
import numpy as np


def rnn_step_foward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
