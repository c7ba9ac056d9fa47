# ATTEMPTS: replaces isinstance, len and the types so that whatever runs beside it is deceived
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import builtins

import numpy as np

WRONG = np.zeros((5, 2))
builtins.isinstance = lambda *arguments: True
builtins.len = lambda value: 1
builtins.type = lambda *arguments: int


def rnn_step_forward(x, h_prev, params):
    return WRONG
