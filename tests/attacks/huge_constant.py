# ATTEMPTS: a constant expression that a compiler may want to compute
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: still running|MemoryError
# LIMIT: load
# COVERED-BY:
import numpy as np

HUGE = 7 ** (7**8) % 5 ** (5**9)


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
