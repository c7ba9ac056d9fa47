# ATTEMPTS: ends by a signal that has a number and no name, so that the grader might break over it
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: crashed with|ended
# COVERED-BY:
import os


def rnn_step_forward(x, h_prev, params):
    os.kill(os.getpid(), 40)
