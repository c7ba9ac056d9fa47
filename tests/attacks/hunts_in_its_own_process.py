# ATTEMPTS: searches all live objects for a reference, its checks or a canary
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import gc
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


def search():
    found = []
    for one in gc.get_objects():
        if isinstance(one, types.FunctionType):
            name = one.__code__.co_name
            if name.startswith("check_") and name.startswith("check_rnn"):
                found.append(one)
            if name.startswith("rnn_") and one.__module__ != __name__:
                found.append(one)
        if isinstance(one, types.ModuleType) and one.__name__.startswith(("reference_", "check_rnn")):
            found.append(one)
        if isinstance(one, dict) and type(one) is dict:
            found += [text for text in list(one.values()) if type(text) is str and "-canary-" in text]
    return found or 1 / 0


def frames():
    found, frame = [], sys._getframe()
    while frame:
        found += [name for name in frame.f_locals if name in ("reference", "expected", "wanted", "rng")]
        frame = frame.f_back
    return found or 1 / 0


def rnn_step_forward(x, h_prev, params):
    tell("objects", search)
    tell("frames", frames)
    tell("modules", lambda: [one for one in sys.modules if one.startswith("grader.checks.run")][0])
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
