# ATTEMPTS: sends answers before the questions, so that every answer belongs to the call before
# FAMILY: protocol
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: channel|off in|should be
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

spray(frame(["loaded", None]))
spray(frame(["value", ["a", "<f8", [5, 2]], []], bytes(80)) * 3)


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
