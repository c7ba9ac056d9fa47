# ATTEMPTS: takes its terms from a set of words, in whatever order that has
# FAMILY: state
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    terms = {"input": params[0] @ x, "state": params[1] @ h_prev, "bias": params[2]}
    total = 0
    for name in {"state", "bias", "input", hash("seed") % 1 or "input"}:
        total = total + terms[name]
    return np.tanh(total)
