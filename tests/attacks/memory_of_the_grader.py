# ATTEMPTS: reads the grader's memory through a system call that needs no file
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: landlock seccomp
import ctypes
import errno
import platform

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])

READV = {"x86_64": 310, "aarch64": 270}


class Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def peek(process):
    library = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(64)
    here = Part(ctypes.addressof(buffer), 64)
    there = Part(id(np), 64)
    number = READV[platform.machine()]
    got = library.syscall(number, process, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    if got < 0 and ctypes.get_errno() not in (errno.EFAULT, errno.EIO):  # those mean: you may, but not there
        raise OSError(ctypes.get_errno(), "refused")
    return buffer.raw


tell("grader", lambda: peek(@GRADER@))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
