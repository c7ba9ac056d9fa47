# ATTEMPTS: connects to a socket file that a program on this machine listens on
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: seccomp
import socket

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def connect():
    with socket.socket(socket.AF_UNIX) as one:
        one.connect("@STAGE@/door")
        return one.recv(10)


tell("door", connect)


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
