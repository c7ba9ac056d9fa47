# ATTEMPTS: raises its own priority and takes a real-time class
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: account seccomp
import os

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])

tell("nice", lambda: os.nice(-5))
tell("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
tell("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
