# ATTEMPTS: looks for secrets in every copy of the environment
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import ctypes
import os

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def first(found):
    return found if found else 1 / 0


tell("variables", lambda: first({name: text for name, text in os.environ.items() if "SECRET" in name}))
tell("bytes", lambda: first([text for text in os.environb.values() if b"-canary-" in text]))


def native():
    library = ctypes.CDLL(None)
    library.getenv.restype = ctypes.c_char_p
    return first(library.getenv(b"GRADER_TEST_SECRET"))


tell("getenv", native)
print(sorted(os.environ.items()))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
