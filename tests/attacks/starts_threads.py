# ATTEMPTS: forty threads that never end
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY: limits seccomp
import threading
import time

import numpy as np


def rnn_step_forward(x, h_prev, params):
    for _ in range(40):
        threading.Thread(target=time.sleep, args=(10,), daemon=True).start()
    print("REACHED", "forty threads")
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
