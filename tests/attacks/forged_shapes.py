# ATTEMPTS: announces arrays of impossible shapes: zero times 2**62, negative, fractions, too many dimensions
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

SHAPES = [[0, 2**62, 2**62], [-1, -10], [2.5, 2], [True, 10], [1] * 500, [2**31, 2**31, 4], [10**30], "52", [[5], 2]]


def rnn_step_forward(x, h_prev, params):
    number = int(abs(x.sum()) * 1e6) % len(SHAPES)
    spray(b"".join(frame(["value", ["a", "<f8", shape], []], bytes(80)) for shape in SHAPES[number:]))
    return np.zeros_like(h_prev)
