# ATTEMPTS: replaces the built-in functions that a comparison leans on
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import builtins

import numpy as np


def rnn_step_forward(x, h_prev, params):
    builtins.abs = lambda value: 0
    builtins.any = lambda values: False
    builtins.all = lambda values: True
    builtins.AssertionError = type("AssertionError", (BaseException,), {})
    return 3 * np.ones_like(h_prev)
