# ATTEMPTS: an array class that answers every comparison and difference with what the asker hopes for
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: off in
# COVERED-BY:
import numpy as np


class Agreeable(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __abs__ = __sub__

    def __array_ufunc__(self, ufunc, method, *inputs, **named):
        return np.zeros(self.shape)

    def __array_function__(self, function, types, arguments, named):
        return np.zeros(self.shape)

    def __array__(self, *arguments, **named):
        return np.zeros(self.shape)


def rnn_step_forward(x, h_prev, params):
    return (1.5 + np.zeros_like(h_prev)).view(Agreeable)
