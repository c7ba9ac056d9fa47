# ATTEMPTS: lifts its own limits, then takes the memory that they refuse
# FAMILY: escape
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: MemoryError
# COVERED-BY: limits
import resource

import numpy as np

def tell(what, attempt):
    """Print a line that the test looks for if the attempt was not refused."""
    try:
        found = attempt()
    except BaseException:
        return
    print("REACHED", what, repr(found)[:300])

for name in ("AS", "NPROC", "FSIZE", "NOFILE", "STACK"):
    number = getattr(resource, f"RLIMIT_{name}")
    tell(name, lambda: resource.setrlimit(number, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))


def rnn_step_forward(x, h_prev, params):
    block = bytearray(1 << 30)
    print("REACHED", len(block))
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
