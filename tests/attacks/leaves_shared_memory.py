# ATTEMPTS: leaves a note for the next check in a segment of shared memory
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: seccomp
import ctypes

import numpy as np

LIBRARY = ctypes.CDLL(None)
KEY, CREATE, ONLY_NEW, REMOVE = 0x5EC0DE, 0o1000, 0o2000, 0


def visit():
    segment = LIBRARY.shmget(KEY, 4096, 0o600)
    if segment >= 0:
        print("REACHED", "a note from an earlier check")
        LIBRARY.shmctl(segment, REMOVE, None)
    elif LIBRARY.shmget(KEY, 4096, CREATE | ONLY_NEW | 0o600) >= 0:
        print("REACHED", "left a note")


visit()


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
