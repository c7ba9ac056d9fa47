# ATTEMPTS: overwrites the results file that lies beside the submissions
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY: landlock seccomp
import os

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def write(name, mode):
    with open(name, mode) as file:
        return file.write('{"alice": 100}')


def rnn_step_forward(x, h_prev, params):
    tell("write", lambda: write("@STAGE@/results.json", "w"))
    tell("append", lambda: write("@STAGE@/results.json", "a"))
    tell("new", lambda: write("@STAGE@/report.json", "w"))
    tell("replace", lambda: os.replace("@STAGE@/submissions/alice/notes.txt", "@STAGE@/results.json"))
    return np.zeros_like(h_prev) + 2
