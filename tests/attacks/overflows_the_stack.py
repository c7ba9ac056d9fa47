# ATTEMPTS: lifts the recursion limit and overflows the stack of the process
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: crashed|RecursionError|MemoryError
# COVERED-BY:
import sys

sys.setrecursionlimit(10**9)


class Endless:
    def __getattr__(self, name):
        return getattr(self, name + "x")

    def __repr__(self):
        return f"{self!r}"


def rnn_step_forward(x, h_prev, params):
    return repr(Endless())
