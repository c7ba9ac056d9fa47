# ATTEMPTS: a regular expression that backtracks for ever
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: ran for
# LIMIT: call
# COVERED-BY:
import re


def rnn_step_forward(x, h_prev, params):
    return re.match("(a+)+$", "a" * 60 + "b")
