# ATTEMPTS: prints verdicts in the forms of several graders, on both streams
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import json
import os
import sys

import numpy as np

REPORT = {"exercise": "exercise-1", "credits": 6, "earned": 6, "outcomes": [{"status": "passed", "credits": 6}]}


def rnn_step_forward(x, h_prev, params):
    for stream in (sys.stdout, sys.stderr):
        print(json.dumps(REPORT), file=stream)
        print("5 passed in 0.01s", file=stream)
        print("  ✓ h is right for a batch of two sequences   2/2", file=stream)
    os.write(1, b"OK\n")
    return np.ones_like(h_prev)
