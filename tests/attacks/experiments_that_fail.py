# ATTEMPTS: experiments at the end of the file that fail; what was defined before them counts
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import numpy as np

def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)


print(rnn_step_forward(np.ones((3, 1)), np.zeros((5, 1)), (np.ones((5, 3)), np.eye(5), np.zeros((5, 1)))))
assert False, "still wrong"
