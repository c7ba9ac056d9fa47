# ATTEMPTS: asks for a number on the keyboard
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: EOFError
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    size = int(input("hidden units? "))
    return np.zeros((size, x.shape[1]))
