# ATTEMPTS: searches the raw memory behind its own objects for what a warm process may have left there
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import ctypes
import gc
import sys

import numpy as np

# Kept backwards, so that the search does not find itself.
NEEDLE = b"-yranac-"
OTHER = b"pets_nnr_kcehc fed"


def rnn_step_forward(x, h_prev, params):
    for one in gc.get_objects()[:20_000]:
        raw = ctypes.string_at(id(one), min(sys.getsizeof(one, 64), 512))[::-1]
        if NEEDLE in raw or OTHER in raw:
            print("REACHED", raw)
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
