# ATTEMPTS: changes its root folder, mounts and enters other namespaces
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: seccomp
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

LIBRARY = ctypes.CDLL(None)
tell("root", lambda: os.chroot("@STAGE@"))
tell("mount", lambda: LIBRARY.mount(b"none", b"@STAGE@/solutions", b"tmpfs", 0, b"size=4096") + 1 or 1 / 0)
tell("enter", lambda: LIBRARY.setns(0, 0) + 1 or 1 / 0)
tell("name", lambda: LIBRARY.sethostname(b"reached", 7) + 1 or 1 / 0)


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
