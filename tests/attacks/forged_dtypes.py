# ATTEMPTS: announces arrays of objects, of records and of types that are code
# FAMILY: protocol
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: channel
# COVERED-BY:
import json
import os
import struct

import numpy as np

def frame(header, body=b""):
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<II", len(data), len(body)) + data + body


def spray(data):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, data)
        except OSError:
            pass

KINDS = ["|O", "O", "<M8[ns]", "|V8", ">f8", "<f16", "f8,f8", "__import__('os').getpid()", "", "\0"]


def rnn_step_forward(x, h_prev, params):
    for kind in KINDS:
        spray(frame(["value", ["a", kind, [5, 2]], []], b"\x41" * 160))
    return np.zeros_like(h_prev)
