"""The slopes multiplied out, and the part through h written with h itself."""

import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    (f, i, g, o), H = gates, h_prev.shape[0]
    s = np.tanh(c)
    h = o * s
    both = dc + dh * (o - h * s)
    af = both * c_prev * (f - f * f)
    ai = both * g * (i - i * i)
    aC = both * (i - i * g * g)
    ao = dh * (h - h * o)
    Wh = [W[:, :H] for W in params[:4]]
    Wx = [W[:, H:] for W in params[:4]]
    back = list(zip((af, ai, aC, ao), Wh, Wx))
    dh_prev = sum(W.T @ a for a, W, _ in back)
    dx = sum(W.T @ a for a, _, W in back)
    grads = tuple(np.block([a @ h_prev.T, a @ x.T]) for a, _, _ in back)
    sums = tuple(a @ np.ones((a.shape[1], 1)) for a, _, _ in back)
    return dx, dh_prev, f * both, grads + sums
