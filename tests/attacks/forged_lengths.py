# ATTEMPTS: frames that announce four gigabytes, or more than ever comes
# FAMILY: protocol
# EXERCISE: exercise-2
# EXPECT: none
# SAYS: channel|ran for
# LIMIT: call
# COVERED-BY:
import os
import struct

import numpy as np


def spray(data):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, data)
        except OSError:
            pass


def rnn_forward(xs, h0, params):
    spray(struct.pack("<II", 2**32 - 1, 2**32 - 1) + b"[" * 1000)
    return h0


def output_forward(h, Why, by):
    spray(struct.pack("<II", 200, 2**25) + b"[" * 200)
    while True:
        pass


def rnn_predict(xs, params, Why, by):
    spray(b"\x01\x00")
    os._exit(0)
