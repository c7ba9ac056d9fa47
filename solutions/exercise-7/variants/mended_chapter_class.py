"""The chapter's class with its names, its sigmoid mended; the functions are doors to it."""

import numpy as np


class LSTM:
    def __init__(self, params):
        self.Wf, self.Wi, self.WC, self.Wo = params[:4]
        self.bf, self.bi, self.bC, self.bo = params[4:]

    def step(self, xt, h, c):
        combined = np.vstack((h, xt))
        ft = self.sigmoid(np.dot(self.Wf, combined) + self.bf)
        it = self.sigmoid(np.dot(self.Wi, combined) + self.bi)
        C_tilda = np.tanh(np.dot(self.WC, combined) + self.bC)
        ot = self.sigmoid(np.dot(self.Wo, combined) + self.bo)
        c = ft * c + it * C_tilda
        h = ot * np.tanh(c)
        return h, c, (ft, it, C_tilda, ot)

    @staticmethod
    def sigmoid(x):
        # a tanh, moved up and halved: it never overflows
        return 0.5 * (np.tanh(0.5 * x) + 1)


def sigmoid(z):
    return LSTM.sigmoid(z)


def lstm_step_forward(x, h_prev, c_prev, params):
    return LSTM(params).step(x, h_prev, c_prev)
