# ATTEMPTS: a source that is nested a hundred thousand deep
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: is not Python yet|crashed|still running
# COVERED-BY:
import numpy as np

DEEP = @DEEP@1


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
