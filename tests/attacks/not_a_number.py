# ATTEMPTS: answers NaN everywhere, which compares false with everything
# FAMILY: dishonest
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: NaN
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.full_like(h_prev, np.nan)
