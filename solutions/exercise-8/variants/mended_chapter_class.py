"""The chapter's class, mended, with the functions as doors to it."""

import numpy as np


class LSTM:
    def __init__(self, input_size=None, hidden_size=None, forget_bias=0.0, seed=None, params=None):
        if params is not None:
            self.Wf, self.Wi, self.WC, self.Wo, self.bf, self.bi, self.bC, self.bo = params
            return
        rng = np.random.default_rng(seed)
        limit = 1 / np.sqrt(hidden_size)
        for name in ("Wf", "Wi", "WC", "Wo"):
            setattr(self, name, rng.uniform(-limit, limit, (hidden_size, input_size + hidden_size)))
        self.bf = np.ones((hidden_size, 1)) * forget_bias * 1.0
        self.bi = np.zeros((hidden_size, 1))
        self.bC = np.zeros((hidden_size, 1))
        self.bo = np.zeros((hidden_size, 1))

    def forward(self, X, h, c):
        self.h, self.c, self.f, self.i, self.g, self.o = [h], [c], [], [], [], []
        for t in range(X.shape[0]):
            xt = X[t]
            combined = np.vstack((h, xt))
            ft = self.sigmoid(np.dot(self.Wf, combined) + self.bf)
            it = self.sigmoid(np.dot(self.Wi, combined) + self.bi)
            C_tilda = np.tanh(np.dot(self.WC, combined) + self.bC)
            ot = self.sigmoid(np.dot(self.Wo, combined) + self.bo)
            c = ft * c + it * C_tilda
            h = ot * np.tanh(c)
            self.h += [h]
            self.c += [c]
            for name, value in zip("figo", (ft, it, C_tilda, ot)):
                getattr(self, name).append(value)

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-np.clip(x, -500, 500)))


def lstm_forward(xs, h0, c0, params):
    lstm = LSTM(params=params)
    lstm.forward(xs, h0, c0)
    gates = tuple(np.stack(getattr(lstm, name)) for name in "figo")
    return np.stack(lstm.h), np.stack(lstm.c), gates


def init_lstm(input_size, hidden_size, forget_bias, seed):
    lstm = LSTM(input_size, hidden_size, forget_bias, seed)
    return [getattr(lstm, name) for name in "Wf Wi WC Wo bf bi bC bo".split()]
