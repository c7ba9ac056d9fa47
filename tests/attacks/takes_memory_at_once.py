# ATTEMPTS: one block of 1 GiB
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: MemoryError
# COVERED-BY: limits
import numpy as np


def rnn_step_forward(x, h_prev, params):
    block = np.ones(2**27)
    print("REACHED", block.nbytes)
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
