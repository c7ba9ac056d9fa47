# ATTEMPTS: booleans that are neither true nor false, bytes that are missing, bytes that are left over
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

FRAMES = [
    frame(["value", ["a", "|b1", [5, 2]], []], b"\x02" * 10),
    frame(["value", ["a", "<f8", [5, 2]], []], bytes(79)),
    frame(["value", ["a", "<f8", [5, 2]], []], bytes(81)),
    frame(["value", ["d", [[["l", []], 1]]], []]),
    frame(["value", ["n", "P", ["a", "a"], [1]], []]),
]


def rnn_step_forward(x, h_prev, params):
    spray(FRAMES[int(abs(x.sum()) * 1e6) % len(FRAMES)])
    os._exit(0)
