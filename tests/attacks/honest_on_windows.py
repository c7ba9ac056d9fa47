# ATTEMPTS: nothing: a byte order mark, line ends of Windows and many prints
# FAMILY: control
# EXERCISE: exercise-1
# EXPECT: all
# ENCODED-AS: utf-8-sig crlf
# COVERED-BY:
import numpy as np

print("läuft …")


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    print("x", x.shape, "h", h_prev.shape)
    return np.tanh(Wxh @ x + Whh @ h_prev + bh)
