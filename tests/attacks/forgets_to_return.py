# ATTEMPTS: computes the answer and does not return it
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: None
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    h = np.tanh(Wxh @ x + Whh @ h_prev + bh)
    print(h)
