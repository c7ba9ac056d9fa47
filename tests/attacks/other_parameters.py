# ATTEMPTS: a function with the parameters of another lesson
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: missing 2 required positional
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, Wxh, Whh, bh):
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
