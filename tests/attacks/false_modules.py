# ATTEMPTS: puts modules that agree with everything in the place of pytest and of the grader
# FAMILY: forgery
# EXERCISE: exercise-3
# EXPECT: none
# COVERED-BY:
import sys
import types

import numpy as np


class Agreeable(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **named: None


for name in ("pytest", "_pytest", "grader", "grader.numeric", "grader.checks.collection", "grader.checks.run", "unittest"):
    sys.modules[name] = Agreeable(name)


def rnn_step_backward(dh, x, h_prev, h, params):
    return np.zeros_like(x), np.zeros_like(h_prev), params
