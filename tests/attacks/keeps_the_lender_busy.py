# ATTEMPTS: asks the grader's own copy of a function for a sequence of four million steps
# FAMILY: exhaustion
# EXERCISE: exercise-2
# EXPECT: some
# COVERED-BY:
import numpy as np


def rnn_forward(xs, h0, params):
    hs = [h0]
    for x in xs:
        hs.append(np.tanh(params[0] @ x + params[1] @ hs[-1] + params[2]))
    return np.stack(hs)


def output_forward(h, Why, by):
    return Why @ h + by


def rnn_predict(xs, params, Why, by):
    if rnn_forward.__module__ != __name__:  # only where it is lent
        one = np.zeros((1, 1))
        rnn_forward(np.zeros((4_000_000, 1, 1), np.int8), one, (one, one, one))
    return "wrong"
