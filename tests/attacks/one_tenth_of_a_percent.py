# ATTEMPTS: every gradient is one tenth of a percent too large
# FAMILY: dishonest
# EXERCISE: exercise-3
# EXPECT: none
# SAYS: off in
# COVERED-BY:
def rnn_step_backward(dh, x, h_prev, h, params):
    dz = 1.001 * dh * (1 - h**2)
    dparams = (dz @ x.T, dz @ h_prev.T, dz.sum(axis=1, keepdims=True))
    return params[0].T @ dz, params[1].T @ dz, dparams
