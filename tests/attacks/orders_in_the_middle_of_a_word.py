# ATTEMPTS: a long word with orders at every place where a terminal could break it
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
def rnn_step_forward(x, h_prev, params):
    raise ValueError("x" * int(20 + abs(x.sum() * 1e6) % 9) + "::error::owned" * 60)
