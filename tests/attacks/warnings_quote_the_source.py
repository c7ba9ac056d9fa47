# ATTEMPTS: makes the grader's own copy of a function compute with infinities, so that a warning might quote its source
# FAMILY: reading
# EXERCISE: exercise-2
# EXPECT: none
# COVERED-BY:
import numpy as np


def rnn_forward(xs, h0, params):
    return np.full((xs.shape[0] + 1, *h0.shape), 0.5)


def output_forward(h, Why, by):
    return np.zeros((Why.shape[0], h.shape[1]))


def rnn_predict(xs, params, Why, by):
    h0 = np.zeros((params[1].shape[0], xs.shape[2]))
    text = rnn_forward(xs * np.inf, h0, params)
    return text, output_forward(np.full_like(h0, np.inf), Why, by)
