"""No formula at all, and exact nevertheless: a complex step through a forward pass of one's own."""

import numpy as np

STEP = 1e-150


def loss(dhs, xs, h, Wxh, Whh, bh):
    total = 0
    for dh, x in zip(dhs, xs):
        h = np.tanh(Wxh @ x + Whh @ h + bh)
        total = total + np.sum(dh * h)
    return total


def rnn_backward(dhs, xs, hs, params):
    inputs = [a.astype(complex) for a in (xs, hs[0], *params)]
    grads = [np.zeros(a.shape) for a in inputs]
    for a, grad in zip(inputs, grads):
        for i in np.ndindex(*a.shape):
            a[i] += STEP * 1j
            grad[i] = loss(dhs, *inputs).imag / STEP
            a[i] = a[i].real
    return grads[0], grads[1], tuple(grads[2:])
