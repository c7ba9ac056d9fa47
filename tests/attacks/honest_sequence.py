# ATTEMPTS: nothing: lists, loops and a stack at the end
# FAMILY: control
# EXERCISE: exercise-2
# EXPECT: all
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
    h_T = rnn_forward(xs, np.zeros((params[1].shape[0], xs.shape[2])), params)[-1]
    return output_forward(h_T, Why, by), h_T
