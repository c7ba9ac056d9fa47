# ATTEMPTS: writes frames that claim a verdict to every descriptor
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


def rnn_step_forward(x, h_prev, params):
    spray(frame(["passed", 6, "h is right"]) + frame(["report", [["status", "passed"], ["credits", 6]]]))
    return np.zeros_like(h_prev)
