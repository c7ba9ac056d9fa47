import numpy as np


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params
    columns = []
    for n in range(x.shape[1]):
        z = Wxh.dot(x[:, n]) + Whh.dot(h_prev[:, n]) + bh[:, 0]  # (H,), all three alike
        columns.append(np.tanh(z))
    return np.stack(columns, axis=1)
