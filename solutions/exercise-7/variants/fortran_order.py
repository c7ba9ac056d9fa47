import numpy as np


def sigmoid(z):
    # clipped where a float cannot tell the difference any more
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def lstm_step_forward(x, h_prev, c_prev, params):
    # rows are sequences while computing
    rows = np.c_[h_prev.T, x.T]  # (N, H + D)
    f, i, a, o = (rows @ W.T + b.T for W, b in zip(params[:4], params[4:]))  # (N, H)
    f, i, g, o = sigmoid(f), sigmoid(i), np.tanh(a), sigmoid(o)
    c = f * c_prev.T + i * g
    h = o * np.tanh(c)
    return np.asfortranarray(h.T), c.T, (f.T, i.T, g.T, o.T)
