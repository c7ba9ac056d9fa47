# ATTEMPTS: asks the grader's own copy of a function again and again
# FAMILY: exhaustion
# EXERCISE: exercise-2
# EXPECT: some
# LIMIT: call of rnn_predict
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
    one = np.ones((1, 1))
    while True:
        for arguments in ((one, one, one), (), (1, "two", None), ({"h": [one]},) * 3):
            try:
                output_forward(*arguments)
            except Exception:
                pass
