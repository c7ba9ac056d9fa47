# ATTEMPTS: finds the course's folder in the command line and in the code of loaded functions, then opens it
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: landlock seccomp
import gc
import os
import re
import sys
import types

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def folders():
    words = " ".join(map(str, [*sys.orig_argv, *sys.path, sys.prefix, sys.executable]))
    found = set(re.findall(r"'(/[^']+)'", words)) | {os.path.expanduser("~"), os.getcwd()}
    for one in gc.get_objects():
        if isinstance(one, types.FunctionType) and "worker" in one.__code__.co_filename:
            found.add(os.path.dirname(one.__code__.co_filename).split("/grader/worker")[0])
    return {one for one in found if one not in ("", "/")}


def working():
    try:
        return folders()
    except OSError:
        return {"@STAGE@"}


for folder in working() | {"@STAGE@"}:
    tell("list", lambda: os.listdir(folder))
    for exercise in (1, 2, 3):
        tell("read", lambda: open(f"{folder}/solutions/exercise-{exercise}/rnn_step.py").read())
    tell("key", lambda: open(f"{folder}/course.yaml").read())


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
