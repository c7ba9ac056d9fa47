import numpy as np


def rnn_forward(xs, h0, params):
    hs = np.repeat(h0[None], len(xs) + 1, axis=0)
    h = h0.copy()
    for t, x in enumerate(xs, start=1):
        h[:] = params.Whh @ h
        h += params.Wxh @ x
        h += params.bh
        np.tanh(h, out=h)
        hs[t] = h
    return hs


def output_forward(h, Why, by):
    y = np.zeros((Why.shape[0], h.shape[1]))
    y += by
    y += Why @ h
    return y


def rnn_predict(xs, params, Why, by):
    h = np.zeros((params.Whh.shape[0], xs.shape[2]))
    h[:] = rnn_forward(xs, h, params)[-1]
    return output_forward(h, Why, by), h
