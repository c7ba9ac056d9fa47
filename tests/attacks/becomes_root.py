# ATTEMPTS: changes its account and its groups to those of root
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: account seccomp
import ctypes
import os

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def native():
    return ctypes.CDLL(None).setresuid(0, 0, 0) + 1 or 1 / 0


tell("user", lambda: os.setuid(0))
tell("all users", lambda: os.setresuid(0, 0, 0))
tell("group", lambda: os.setgid(0))
tell("groups", lambda: os.setgroups([0]))
tell("native", native)


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
