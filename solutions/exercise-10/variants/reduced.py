"""A fold over the steps, last one first: what is carried along is both messages and the sums so far."""

from functools import reduce

import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    H = dc_last.shape[0]
    W = params[:4]

    def back(carried, step):
        dh, dc, dxs, grads = carried
        own, x, h_prev, c_prev, c, f, i, g, o = step
        z, th = np.vstack((h_prev, x)), np.tanh(c)
        dh = dh + own
        dc = dc + dh * o * (1 - th**2)
        das = (dc * c_prev * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * th * o * (1 - o))
        dz = np.sum([w.T @ da for w, da in zip(W, das)], axis=0)
        new = [da @ z.T for da in das] + [np.sum(da, axis=1, keepdims=True) for da in das]
        return dz[:H], dc * f, [dz[H:], *dxs], [old + one for old, one in zip(grads, new)]

    steps = zip(*(a[::-1] for a in (dhs, xs, trace.hs[:-1], trace.cs[:-1], trace.cs[1:], *trace.gates)))
    start = np.zeros_like(dc_last), dc_last, [], [np.zeros_like(p) for p in params]
    dh0, dc0, dxs, grads = reduce(back, steps, start)
    return np.stack(dxs), dh0, dc0, tuple(grads)
