# ATTEMPTS: a source of two megabytes
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: larger than 1 MiB
# COVERED-BY:
import numpy as np

# @PAD@


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
