# ATTEMPTS: sends the grader an open descriptor beside a byte on the channel
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import array
import os
import socket

import numpy as np


def rnn_step_forward(x, h_prev, params):
    with socket.socket(fileno=os.dup(3)) as one:
        one.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 3]))])
    return np.zeros_like(h_prev)
