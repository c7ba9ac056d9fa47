# ATTEMPTS: adds noise from the global generator, whose stream a fork would repeat
# FAMILY: state
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: different answers
# COVERED-BY:
import random

import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    noise = np.random.randn(*h_prev.shape) + random.random()
    return np.tanh(Wxh @ x + Whh @ h_prev + bh) + 1e-3 * noise
