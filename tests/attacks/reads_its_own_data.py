# ATTEMPTS: loads weights from a file on the student's own machine
# FAMILY: accident
# EXERCISE: exercise-1
# EXPECT: none
# SAYS: PermissionError|OSError|FileNotFoundError
# COVERED-BY: landlock seccomp
import numpy as np


def rnn_step_forward(x, h_prev, params):
    weights = np.load("@STAGE@/submissions/alice/weights.npy")
    return np.tanh(weights @ x)
