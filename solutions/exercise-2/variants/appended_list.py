import numpy as np


def rnn_forward(xs, h0, params):
    Wxh, Whh, bh = params
    h = h0
    states = [h]
    for x in xs:
        h = np.tanh(Wxh.dot(x) + Whh.dot(h) + bh)
        states.append(h)
    return np.array(states)


def output_forward(h, Why, by):
    return np.dot(Why, h) + by


def rnn_predict(xs, params, Why, by):
    h0 = np.zeros((len(params.bh), xs.shape[-1]))
    states = rnn_forward(xs, h0, params)
    h_last = states[len(xs)]
    y = output_forward(h_last, Why, by)
    return (y, h_last)
