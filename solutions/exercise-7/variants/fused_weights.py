import numpy as np


def sigmoid(z):
    e = np.exp(-abs(z))
    return np.where(z < 0, e, 1.0) / (1.0 + e)


def lstm_step_forward(x, h_prev, c_prev, params):
    """One tall matrix for all four, and the bias as the weight of an input that is always 1."""
    H, N = h_prev.shape
    W = np.hstack([np.vstack(params[:4]), np.vstack(params[4:])])  # (4H, H + D + 1)
    a = W @ np.concatenate([h_prev, x, np.ones((1, N))])  # (4H, N)
    gates = sigmoid(a)
    f, i, _, o = np.split(gates, 4)
    g = np.tanh(a[2 * H : 3 * H])
    c = f * c_prev + i * g
    return o * np.tanh(c), c, (f, i, g, o)
