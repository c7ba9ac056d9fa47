# ATTEMPTS: mixes tabs and spaces so that Python refuses
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: is not Python yet
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
	return np.tanh(Wxh @ x + Whh @ h_prev + bh)
