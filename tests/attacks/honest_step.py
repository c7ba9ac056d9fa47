# ATTEMPTS: nothing: the formula of the chapter
# FAMILY: control
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import numpy as np

def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
