# ATTEMPTS: names a hundred changed arguments, each of many words
# FAMILY: protocol
# EXERCISE: exercise-1
# EXPECT: none
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


def rnn_step_forward(x, h_prev, params):
    changed = [["z" * 70] * 30 + [str(number)] for number in range(100)]
    spray(frame(["value", None, changed]))
    os._exit(0)
