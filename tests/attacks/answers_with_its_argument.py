# ATTEMPTS: returns views of what it was given and changes them later
# FAMILY: state
# EXERCISE: exercise-2
# EXPECT: some
# COVERED-BY:
import numpy as np

given = []


def rnn_forward(xs, h0, params):
    for one in given:
        one += 1
    given.append(h0)
    hs = [h0]
    for x in xs:
        hs.append(np.tanh(params[0] @ x + params[1] @ hs[-1] + params[2]))
    return np.stack(hs)


def output_forward(h, Why, by):
    h[...] = 0
    return Why @ h + by


def rnn_predict(xs, params, Why, by):
    h_T = rnn_forward(xs, np.zeros((params[1].shape[0], xs.shape[2])), params)[-1]
    return output_forward(h_T, Why, by), h_T
