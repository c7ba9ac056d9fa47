# ATTEMPTS: becomes root in namespaces of its own, where more of the kernel is in reach
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: seccomp
import ctypes

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def unshare(kinds):
    library = ctypes.CDLL(None, use_errno=True)
    return library.unshare(kinds) + 1 or 1 / 0


tell("user", lambda: unshare(0x10000000))
tell("user and mount", lambda: unshare(0x10020000))
tell("files", lambda: unshare(0x00000400))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
