# ATTEMPTS: an exception whose class has a name of five thousand letters and line breaks
# FAMILY: misleading
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
NAME = "Error\n  ✓ everything is right   6/6\n" + "N" * 5000


def rnn_step_forward(x, h_prev, params):
    raise type(NAME, (Exception,), {"__module__": NAME, "__qualname__": NAME})("x")
