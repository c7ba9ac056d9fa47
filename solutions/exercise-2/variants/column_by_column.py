import numpy as np


def one_sequence(xs, h, params):
    """xs (T, D) and h (H,): everything is flat here, the bias too."""
    Wxh, Whh, bh = params
    states = [h]
    for x in xs:
        states.append(np.tanh(Wxh @ x + Whh @ states[-1] + bh.ravel()))
    return np.array(states)  # (T + 1, H)


def rnn_forward(xs, h0, params):
    N = h0.shape[1]
    return np.stack([one_sequence(xs[:, :, n], h0[:, n], params) for n in range(N)], axis=2)


def output_forward(h, Why, by):
    return np.column_stack([Why @ column + by[:, 0] for column in h.T])


def rnn_predict(xs, params, Why, by):
    zeros = np.zeros((params.bh.shape[0], xs.shape[2]))
    last = rnn_forward(xs, zeros, params)[-1]
    return [output_forward(last, Why, by), last]
