# ATTEMPTS: hands in the stub
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: is not written yet
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    raise NotImplementedError
