import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    dz = dh - dh * h * h
    both = np.concatenate([x, h_prev, np.ones((1, x.shape[1]))])
    dx = dz.T.dot(params.Wxh).T
    dh_prev = dz.T.dot(params.Whh).T
    D, H = len(x), len(h)
    dW = dz @ both.T  # all parameter gradients side by side
    return dx, dh_prev, type(params)(dW[:, :D], dW[:, D : D + H], dW[:, D + H :])
