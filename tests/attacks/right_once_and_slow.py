# ATTEMPTS: right at the first call of each process only, and too slow for anyone to ask again
# FAMILY: state
# EXERCISE: exercise-3
# EXPECT: none
# SAYS: different answers
# COVERED-BY:
import time

calls = 0


def rnn_step_backward(dh, x, h_prev, h, params):
    global calls
    calls += 1
    time.sleep(0.06)
    dz = dh * (1 - h**2) * (calls == 1)
    return params[0].T @ dz, params[1].T @ dz, (dz @ x.T, dz @ h_prev.T, dz.sum(axis=1, keepdims=True))
