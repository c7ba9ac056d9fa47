# ATTEMPTS: copies an open file out of the grader's process
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: landlock namespaces seccomp
import ctypes

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def take(process, number):
    library = ctypes.CDLL(None)
    handle = library.syscall(ctypes.c_long(434), process, 0)
    taken = library.syscall(ctypes.c_long(438), handle, number, 0)
    return taken if taken >= 0 else 1 / 0


for number in range(3, 8):
    tell(f"descriptor {number}", lambda: take(@GRADER@, number))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
