# ATTEMPTS: one endless line on the error stream
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: ran for|waits or sleeps
# LIMIT: call
# COVERED-BY:
import os


def rnn_step_forward(x, h_prev, params):
    line = b"x" * 65536
    while True:
        os.write(2, line)
