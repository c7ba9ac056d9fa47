# ATTEMPTS: asks the grader's own copy of a function with modest arrays that broadcast into gigabytes
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
    flat = [np.zeros((1,) * n + (200,) + (1,) * (3 - n)) for n in range(4)]
    return output_forward(flat[3], flat[0], flat[1] + flat[2])
