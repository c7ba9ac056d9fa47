# ATTEMPTS: asks the grader for functions that it does not lend, and for those it lends with what is no argument
# FAMILY: protocol
# EXERCISE: exercise-2
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

NAMES = ["__class__", "rnn_predict", "open", "rnn_forward", "output_forward"]
TREES = [None, ["t", []], ["t", [["t", []], ["d", [["__class__", 1]]]]], ["t", [["t", [["x", "E"]] * 3], ["d", []]]]]


def rnn_forward(xs, h0, params):
    for name in NAMES:
        for tree in TREES:
            spray(frame(["ask", name, tree]))
    return h0


def output_forward(h, Why, by):
    spray(frame(["ask", "output_forward", TREES[-1]]))
    return h


def rnn_predict(xs, params, Why, by):
    for tree in TREES:
        spray(frame(["ask", "rnn_forward", tree]))
    os._exit(0)
