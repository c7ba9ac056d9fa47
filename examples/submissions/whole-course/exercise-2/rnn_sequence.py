import numpy as np


def rnn_forward(xs, h0, params):
    Wxh, Whh, bh = params
    driven = Wxh @ xs + bh  # what all inputs add, at once: (T, H, N)
    hs = [np.array(h0, dtype=float)]
    for a in driven:
        hs.append(np.tanh(a + Whh @ hs[-1]))
    return np.array(hs)


def output_forward(h, Why, by):
    return Why.dot(h) + by


def rnn_predict(xs, params, Why, by):
    h = np.zeros((len(params.Whh), xs.shape[-1]))
    last = rnn_forward(xs, h, params)[-1]
    return output_forward(last, Why, by), last
