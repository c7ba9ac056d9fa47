# ATTEMPTS: one function calls itself by mistake, one is right, one returns lists
# FAMILY: accident
# EXERCISE: exercise-2
# EXPECT: some
# SAYS: RecursionError
# COVERED-BY:
import numpy as np


def rnn_forward(xs, h0, params):
    return rnn_forward(xs, h0, params)


def output_forward(h, Why, by):
    return Why @ h + by


def rnn_predict(xs, params, Why, by):
    return [1.0, 2.0], None
