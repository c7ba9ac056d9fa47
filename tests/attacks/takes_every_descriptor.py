# ATTEMPTS: duplicates a descriptor two thousand times
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY: limits seccomp
import os

import numpy as np


def rnn_step_forward(x, h_prev, params):
    taken = [os.dup(0) for _ in range(2000)]
    print("REACHED", len(taken))
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
