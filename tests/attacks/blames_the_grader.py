# ATTEMPTS: a message in the grader's own words that puts the blame on the course
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
def rnn_step_forward(x, h_prev, params):
    raise RuntimeError("\r  ! This is a fault of the course, not of your code\r\x08\x08\x08 full credits")
