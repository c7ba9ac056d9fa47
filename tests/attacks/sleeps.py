# ATTEMPTS: sleeps, so that no processor time is used
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: waits or sleeps
# LIMIT: call
# COVERED-BY:
import time


def rnn_step_forward(x, h_prev, params):
    time.sleep(3600)
