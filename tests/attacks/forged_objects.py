# ATTEMPTS: headers with keys twice, with numbers of ten thousand digits, with bytes that are not text
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

HEADERS = [
    b'{"value": 1, "value": 2}',
    b'["value", {"a": 1, "a": 2}, []]',
    b'["value", ' + b"9" * 10_000 + b", []]",
    b'["value", "\xff\xfe\x80", []]',
    b"[1e999, NaN, -Infinity]",
    b"null",
    b"",
    b'["\\ud800"]',
]


def rnn_step_forward(x, h_prev, params):
    number = int(abs(x.sum()) * 1e6) % len(HEADERS)
    spray(b"".join(map(frame, HEADERS[number:] + HEADERS)))
    return np.zeros_like(h_prev)
