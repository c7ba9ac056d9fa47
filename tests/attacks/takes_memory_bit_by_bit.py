# ATTEMPTS: small blocks, up to 900 MB
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: MemoryError
# COVERED-BY: limits
import numpy as np


def rnn_step_forward(x, h_prev, params):
    kept = [bytearray(2**20) for _ in range(900)]
    print("REACHED", len(kept))
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
