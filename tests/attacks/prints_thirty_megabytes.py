# ATTEMPTS: prints 30 MB, part of it not text, and answers right
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import os
import sys

import numpy as np


def rnn_step_forward(x, h_prev, params):
    for _ in range(10):
        print("y" * 10**6)
        print("z" * 10**6, file=sys.stderr)
        os.write(1, bytes(range(256)) * 4000)
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
