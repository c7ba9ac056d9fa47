# ATTEMPTS: a masked array whose wrong entries are all masked
# FAMILY: dishonest
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: .
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.ma.masked_array(np.full(h_prev.shape, 7.0), mask=True)
