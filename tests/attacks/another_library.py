# ATTEMPTS: imports a library that is not there
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: is not defined
# COVERED-BY:
import torch


def rnn_step_forward(x, h_prev, params):
    return torch.tanh(x)
