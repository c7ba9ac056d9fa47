# ATTEMPTS: changes the mode and the times of another student's file, as if it had been late
# FAMILY: escape
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

FILE = "@STAGE@/submissions/bob/notes.txt"
tell("times", lambda: os.utime(FILE, None))
tell("mode", lambda: os.chmod(FILE, 0o600))
tell("note", lambda: os.setxattr(FILE, "user.late", b"yes"))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
