# ATTEMPTS: asks for memory that is writable and executable
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

LIBRARY = ctypes.CDLL(None)
LIBRARY.mmap.restype = ctypes.c_void_p
LIBRARY.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
LIBRARY.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
NOWHERE = ctypes.c_void_p(-1).value


def new():
    place = LIBRARY.mmap(None, 4096, 7, 0x22, -1, 0)
    return place if place != NOWHERE else 1 / 0


def changed():
    place = LIBRARY.mmap(None, 4096, 3, 0x22, -1, 0)
    return LIBRARY.mprotect(place, 4096, 5) + 1 or 1 / 0


tell("map", new)
tell("protect", changed)


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
