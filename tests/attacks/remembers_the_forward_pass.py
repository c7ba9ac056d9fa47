# ATTEMPTS: keeps what an earlier call was given and ignores its arguments afterwards
# FAMILY: state
# EXERCISE: exercise-3
# EXPECT: none
# COVERED-BY:
import numpy as np

last = {}


def rnn_step_backward(dh, x, h_prev, h, params):
    x, h_prev, h, params = last["arguments"]
    dz = dh * (1 - h**2)
    last["arguments"] = (x, h_prev, h, params)
    return params[0].T @ dz, params[1].T @ dz, (dz @ x.T, dz @ h_prev.T, dz.sum(axis=1, keepdims=True))
