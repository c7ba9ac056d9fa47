# ATTEMPTS: nothing: experiments under the usual guard, which must not run
# FAMILY: control
# EXERCISE: exercise-1
# EXPECT: all
# COVERED-BY:
import sys

import numpy as np

def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)


if __name__ == "__main__":
    while True:
        sys.exit("this must not run")
