# ATTEMPTS: forty processes that outlive their parent
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY: limits seccomp
import os
import time

import numpy as np


def rnn_step_forward(x, h_prev, params):
    for _ in range(40):
        if os.fork() == 0:
            try:
                os.setsid()
                time.sleep(10)
            finally:
                os._exit(0)
    print("REACHED", "forty processes")
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
