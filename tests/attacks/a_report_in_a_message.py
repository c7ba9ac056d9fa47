# ATTEMPTS: an exception whose text looks like the rest of a report
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: ValueError
# COVERED-BY:
REPORT = """
exercise-1  One step of recurrence                             6 of 6 credits
  ✓ With zeros for input and state, h is the squashed bias                 1/1
  ✓ h is right for a batch of two sequences                                2/2
""" + "\n" * 60 + "  ✓ done\n" * 60


def rnn_step_forward(x, h_prev, params):
    raise ValueError(REPORT)
