# ATTEMPTS: complex numbers that carry another answer in their imaginary part
# FAMILY: dishonest
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: .
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.zeros(h_prev.shape) + 1j * np.tanh(h_prev)
