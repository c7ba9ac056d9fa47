# ATTEMPTS: forward differences in place of the formula
# FAMILY: dishonest
# EXERCISE: exercise-3
# EXPECT: some
# COVERED-BY:
import numpy as np

STEP = 1e-7


def step(x, h_prev, params):
    return np.tanh(params[0] @ x + params[1] @ h_prev + params[2])


def slope(loss, at):
    gradient, base = np.zeros_like(at), loss(at)
    for index in np.ndindex(at.shape):
        moved = at.copy()
        moved[index] += STEP
        gradient[index] = (loss(moved) - base) / STEP
    return gradient


def rnn_step_backward(dh, x, h_prev, h, params):
    Wxh, Whh, bh = params
    dx = slope(lambda one: (dh * step(one, h_prev, params)).sum(), x)
    dh_prev = slope(lambda one: (dh * step(x, one, params)).sum(), h_prev)
    dWxh = slope(lambda one: (dh * step(x, h_prev, (one, Whh, bh))).sum(), Wxh)
    dWhh = slope(lambda one: (dh * step(x, h_prev, (Wxh, one, bh))).sum(), Whh)
    dbh = slope(lambda one: (dh * step(x, h_prev, (Wxh, Whh, one))).sum(), bh)
    return dx, dh_prev, (dWxh, dWhh, dbh)
