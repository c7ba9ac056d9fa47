# ATTEMPTS: rounds gradients to nine decimals, so that small ones vanish
# FAMILY: dishonest
# EXERCISE: exercise-3
# EXPECT: some
# COVERED-BY:
def rnn_step_backward(dh, x, h_prev, h, params):
    dz = (dh * (1 - h**2)).round(5)
    dparams = (dh * (1 - h**2) @ x.T, dz @ h_prev.T, dz.sum(axis=1, keepdims=True))
    return params[0].T @ dz, params[1].T @ dz, dparams
