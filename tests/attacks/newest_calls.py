# ATTEMPTS: makes system calls that are newer than most filters
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


def call(number, *arguments):
    library = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(256)
    made = library.syscall(ctypes.c_long(number), *arguments, room)
    if made < 0 and ctypes.get_errno() not in (14, 22):  # bad address, bad argument: it would have been done
        raise OSError(ctypes.get_errno(), "refused")
    return made


tell("io_uring_setup", lambda: call(425, 8))
tell("openat2", lambda: call(437, -100, b"/etc/hostname"))
tell("pidfd_open", lambda: call(434, @GRADER@, 0, 0, 0, 0))
tell("landlock_create_ruleset", lambda: call(444, None, 0, 1))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
