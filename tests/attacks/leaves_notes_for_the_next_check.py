# ATTEMPTS: leaves traces of a check in every place that a later check might share, and looks for them
# FAMILY: state
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY: landlock seccomp
import gc
import linecache
import os
import sys

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])

NAME = "note_of_an_earlier_check"
PLACES = [os.environ, sys.modules, vars(np), vars(os), linecache.cache, vars(gc) if hasattr(gc, "__dict__") else {}]


def look():
    return [place for place in PLACES if NAME in place] or 1 / 0


def in_a_file():
    return open("@STAGE@/note").read()


tell("memory", look)
tell("file", in_a_file)
tell("here", lambda: open("note").read())
for place in PLACES:
    place[NAME] = "1"
for name in ("@STAGE@/note", "note"):
    tell("leave", lambda: open(name, "w").write("1"))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
