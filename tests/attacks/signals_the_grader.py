# ATTEMPTS: signals the grader's process: harmless signals, but the others would go the same way
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: namespaces seccomp
import ctypes
import os
import signal

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])

tell("is there", lambda: os.kill(@GRADER@, 0))
tell("continue", lambda: os.kill(@GRADER@, signal.SIGCONT))
tell("thread", lambda: ctypes.CDLL(None).tgkill(@GRADER@, @GRADER@, 0) + 1 or 1 / 0)
tell("queue", lambda: ctypes.CDLL(None).sigqueue(@GRADER@, 0, 0) + 1 or 1 / 0)


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
