# ATTEMPTS: reads the channel itself, in place of the program that serves it
# FAMILY: protocol
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: ran for|channel|closed|waits or sleeps
# LIMIT: call
# COVERED-BY:
import os


def rnn_step_forward(x, h_prev, params):
    return os.read(3, 100_000)
