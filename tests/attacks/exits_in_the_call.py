# ATTEMPTS: ends the process with success in the middle of each call, by three roads
# FAMILY: forgery
# EXERCISE: exercise-2
# EXPECT: none
# SAYS: ended the whole process|SystemExit
# COVERED-BY:
import os
import sys


def rnn_forward(xs, h0, params):
    os._exit(0)


def output_forward(h, Why, by):
    sys.exit(0)


def rnn_predict(xs, params, Why, by):
    raise SystemExit
