# ATTEMPTS: reads from every descriptor above the standard ones and the channel
# FAMILY: reading
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import os
import stat

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])


def look(descriptor):
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind) or stat.S_ISDIR(kind):
        return os.pread(descriptor, 100, 0)
    raise ValueError("not a file")


for descriptor in range(256):
    tell(f"descriptor {descriptor}", lambda: look(descriptor))
for descriptor in range(4, 256):
    tell(f"there is {descriptor}", lambda: os.fstat(descriptor))


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
