# ATTEMPTS: an object that equals everything and passes for an array of any shape
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: should be a NumPy array
# COVERED-BY:
import numpy as np


class Everything:
    dtype, ndim, size = np.dtype(float), 2, 10
    shape = property(lambda self: (5, 2))

    def __eq__(self, other):
        return True

    def __array__(self, *arguments, **named):
        return np.zeros((5, 2))

    def __getattr__(self, name):
        return lambda *arguments, **named: self

    def __float__(self):
        return 0.0


def rnn_step_forward(x, h_prev, params):
    return Everything()
