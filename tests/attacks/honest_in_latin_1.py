# ATTEMPTS: nothing: a source in Latin-1 that says so in its first line
# FAMILY: control
# EXERCISE: exercise-1
# EXPECT: all
# ENCODED-AS: latin-1
# COVERED-BY:
import numpy as np

# Zustände für die nächste Schicht, café


def rnn_step_forward(x, h_prev, params):
    größe = params[0] @ x
    return np.tanh(größe + params[1] @ h_prev + params[2])
