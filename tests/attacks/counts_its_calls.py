# ATTEMPTS: right at the first call of each process only
# FAMILY: state
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: different answers
# COVERED-BY:
import numpy as np

calls = 0


def rnn_step_forward(x, h_prev, params):
    global calls
    calls += 1
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh) * (calls == 1)
