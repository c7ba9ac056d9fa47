# ATTEMPTS: nothing: changes the working folder, cleans up at exit, and catches what is refused
# FAMILY: control
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import atexit
import os

import numpy as np

os.chdir("/")
atexit.register(print, "goodbye")
try:
    with open("weights.npy", "rb") as file:
        weights = file.read()
except OSError:
    weights = None


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
