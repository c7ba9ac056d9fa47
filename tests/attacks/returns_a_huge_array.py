# ATTEMPTS: returns an array of 800 MB that takes no memory of its own
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: larger than 64 MB|MemoryError
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.broadcast_to(np.float64(0), (10_000, 10_000))
