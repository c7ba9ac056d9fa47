# ATTEMPTS: learns which files exist, and their sizes, without opening any
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: seccomp
import os

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])

PATH = "@STAGE@/solutions/exercise-1/rnn_step.py"
tell("stat", lambda: os.stat(PATH).st_size)
tell("lstat", lambda: os.lstat(PATH).st_size)
tell("access", lambda: os.access(PATH, os.R_OK) or 1 / 0)
tell("exists", lambda: os.path.exists(PATH) or 1 / 0)
tell("readlink", lambda: os.readlink("/proc/self/exe"))
tell("cwd", lambda: os.readlink("/proc/self/cwd"))
tell("space", lambda: os.statvfs("@STAGE@"))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
