# ATTEMPTS: orders for a CI runner that come to stand at the start of a line once the message is wrapped
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
def rnn_step_forward(x, h_prev, params):
    text = " ".join("x" * length + " ::error::owned" for length in range(20, 76))
    raise ValueError(text)
