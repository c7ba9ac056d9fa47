# ATTEMPTS: single numbers and single columns that would spread over the expected shape
# FAMILY: dishonest
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: shape
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    h = np.tanh(Wxh @ x + Whh @ h_prev + bh)
    return h[None] if x.any() else h[:, :1]
