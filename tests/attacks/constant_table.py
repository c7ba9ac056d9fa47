# ATTEMPTS: answers from a table learnt on an earlier run
# FAMILY: dishonest
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: off in|shape
# COVERED-BY:
import numpy as np

TABLE = [[[0.31, -0.22], [0.54, 0.11], [-0.73, 0.4], [0.09, -0.6], [0.2, 0.8]]]


def rnn_step_forward(x, h_prev, params):
    return np.array(TABLE[0])
