# ATTEMPTS: one huge power, during which no Python code runs
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: ran for|MemoryError
# LIMIT: call
# COVERED-BY:
def rnn_step_forward(x, h_prev, params):
    return 7 ** (7**8) % 5 ** (5**9)
