"""Takes from the trace only where it began, and reads the sequence once more."""

import numpy as np


def sigmoid(a):
    return np.exp(-np.logaddexp(0, -a))


def lstm_backward(dhs, dc_last, xs, trace, params):
    Wf, Wi, Wg, Wo, bf, bi, bg, bo = params
    h, c, tape = trace.hs[0], trace.cs[0], []
    for x in xs:
        v = np.vstack([h, x])
        forget, write, new, read = (
            sigmoid(Wf @ v + bf),
            sigmoid(Wi @ v + bi),
            np.tanh(Wg @ v + bg),
            sigmoid(Wo @ v + bo),
        )
        old, c = c, forget * c + write * new
        h = read * np.tanh(c)
        tape.append((v, old, c, forget, write, new, read))
    size = len(h)
    d_h, d_c = np.zeros(h.shape), dc_last
    grads, d_xs = [np.zeros(p.shape) for p in params], []
    while tape:
        v, old, c, forget, write, new, read = tape.pop()
        d_h = d_h + dhs[len(tape)]
        d_c = d_c + d_h * read * (1 - np.tanh(c) ** 2)
        d_sums = [
            d_c * old * forget * (1 - forget),
            d_c * new * write * (1 - write),
            d_c * write * (1 - new**2),
            d_h * np.tanh(c) * read * (1 - read),
        ]
        for k, d in enumerate(d_sums):
            grads[k] += d @ v.T
            grads[k + 4] += d @ np.ones((d.shape[1], 1))
        d_v = np.hstack([Wf.T, Wi.T, Wg.T, Wo.T]) @ np.vstack(d_sums)
        d_h, d_c = d_v[:size], d_c * forget
        d_xs.insert(0, d_v[size:])
    return np.array(d_xs), d_h, d_c, grads
