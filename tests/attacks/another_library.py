# ATTEMPTS: imports a library that is not there
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: No module named 'torch', which line 7 imports
# COVERED-BY:
import torch


def rnn_step_forward(x, h_prev, params):
    return torch.tanh(x)
