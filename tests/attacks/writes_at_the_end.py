# ATTEMPTS: leaves an exit hook and a finaliser that write full credits into the results file once the process ends
# FAMILY: forgery
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import atexit
import weakref

import numpy as np


class Holder:
    pass


def forge():
    with open("@STAGE@/results.json", "w") as file:
        file.write('{"alice": 100}')


atexit.register(forge)
KEPT = Holder()
weakref.finalize(KEPT, forge)


def rnn_step_forward(x, h_prev, params):
    return np.zeros_like(h_prev) + 2
