# ATTEMPTS: raises exceptions named like those of a grader that say the answer is right
# FAMILY: forgery
# EXERCISE: exercise-3
# EXPECT: none
# COVERED-BY:
class DependencyFailed(Exception):
    __module__ = "grader.checks.student"


class CheckFailed(AssertionError):
    __module__ = "grader.numeric"
    status, credits, earned = "passed", 10, 10


def rnn_step_backward(dh, x, h_prev, h, params):
    try:
        raise DependencyFailed("passed")
    except DependencyFailed as first:
        raise CheckFailed("") from first
