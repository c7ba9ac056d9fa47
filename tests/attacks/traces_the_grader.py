# ATTEMPTS: attaches to the grader as a debugger would, without stopping it
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: landlock seccomp
import ctypes

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])

SEIZE = 0x4206


def seize(process):
    library = ctypes.CDLL(None)
    library.ptrace.restype = ctypes.c_long
    library.ptrace.argtypes = (ctypes.c_long,) * 4
    return library.ptrace(SEIZE, process, 0, 0) + 1 or 1 / 0


tell("grader", lambda: seize(@GRADER@))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
