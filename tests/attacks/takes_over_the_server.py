# ATTEMPTS: walks up to the program that calls it and makes it answer that all is well
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import sys

import numpy as np


def takeover():
    depth = 0
    while True:
        try:
            frame = sys._getframe(depth)
        except ValueError:
            return
        server = frame.f_locals.get("self")
        if hasattr(server, "_call") and hasattr(server, "send"):
            kind = type(server)
            kind._call = lambda self, message, body: (["passed", 6, "all is well"], b"")
            kind._load = lambda self, *arguments: None
        depth += 1


takeover()


def rnn_step_forward(x, h_prev, params):
    return np.zeros_like(h_prev)
