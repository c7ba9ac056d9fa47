# ATTEMPTS: an exception report with impossible lines, names that control a terminal, and a hundred frames
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

NAME = "Error\x1b[2J\u202e\ud800\n::error::x"


def rnn_step_forward(x, h_prev, params):
    frames = [[-(2**70), NAME, NAME], [True, "", "\r\n##[error]x"]]
    many = frames * (1 if x.sum() > 0 else 50)
    spray(frame(["raised", NAME, "line\n" * 400, many, True]))
    os._exit(0)
