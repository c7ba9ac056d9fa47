# ATTEMPTS: compiled files beside the source, which a careless import would prefer
# FAMILY: planted
# EXERCISE: exercise-1
# EXPECT: none
# COVERED-BY:
import numpy as np


def rnn_step_forward(x, h_prev, params):
    return np.zeros_like(h_prev)


# PLANT: exercise-1/rnn_step.pyc
#| not the source
# PLANT: exercise-1/__pycache__/rnn_step.cpython-311.pyc
#| not the source
# PLANT: exercise-1/rnn_step.so
#| not a library
# PLANT: exercise-1/rnn_step/__init__.py
#| open("@STAGE@/reached", "w").close()
