# ATTEMPTS: writes well-formed answers as fast as it can, until it is stopped
# FAMILY: protocol
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: channel|off in|ran for|should be
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

ANSWER = frame(["value", ["a", "<f8", [5, 2]], []], bytes(80)) * 500


def rnn_step_forward(x, h_prev, params):
    while True:
        os.write(3, ANSWER)
