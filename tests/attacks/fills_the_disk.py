# ATTEMPTS: writes a file of 64 MiB
# FAMILY: exhaustion
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY: landlock seccomp
import numpy as np


def rnn_step_forward(x, h_prev, params):
    with open("@STAGE@/large", "wb") as file:
        for _ in range(64):
            file.write(bytes(2**20))
    print("REACHED", "64 MiB")
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
