from numpy import *


def rnn_forward(xs, h0, params):
    T = xs.shape[0]
    hs = zeros((T + 1,) + h0.shape, order="F")
    hs[0] = h0
    for t in range(1, T + 1):
        hs[t] = tanh(dot(params[0], xs[t - 1]) + dot(params[1], hs[t - 1]) + params[2])
    return hs


def output_forward(h, Why, by):
    return asfortranarray((dot(h.T, Why.T) + by.T).T)


def rnn_predict(xs, params, Why, by):
    h = zeros((params[1].shape[0], xs.shape[2]))
    h = rnn_forward(xs, h, params)[-1, :, :]
    return output_forward(h, Why, by), h
