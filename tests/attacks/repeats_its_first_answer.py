# ATTEMPTS: keeps the first answer and gives it again whatever it is asked
# FAMILY: state
# EXERCISE: exercise-2
# EXPECT: none
# SAYS: different answers
# COVERED-BY:
import functools

import numpy as np

kept = {}


def rnn_forward(xs, h0, params):
    hs = [h0]
    for x in xs:
        hs.append(np.tanh(params[0] @ x + params[1] @ hs[-1] + params[2]))
    return kept.setdefault("hs", np.stack(hs))


def output_forward(h, Why, by):
    return kept.setdefault("y", Why @ h + by)


def rnn_predict(xs, params, Why, by):
    h_T = rnn_forward(xs, np.zeros((params[1].shape[0], xs.shape[2])), params)[-1]
    return kept.setdefault("both", (output_forward(h_T, Why, by), h_T))
