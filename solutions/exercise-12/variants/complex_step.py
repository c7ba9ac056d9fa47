"""Gradients by complex step: exact to rounding, though slow."""

import numpy as np

TINY = 1e-100


def differentiate(function, arrays):
    gradients = []
    for which, array in enumerate(arrays):
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            moved = [a.astype(complex) for a in arrays]
            moved[which][index] += 1j * TINY
            gradient[index] = function(*moved).imag / TINY
        gradients.append(gradient)
    return gradients


def sample(h, first, n, params, Why, by, uniforms, temperature):
    drawn = [first]
    for k in range(n):
        h = np.tanh(params.Wxh[:, drawn[-1:]] + params.Whh @ h + params.bh)
        y = Why @ h + by
        share = 1 / np.exp((y - y.T) / temperature).T.sum(axis=1)
        inside = np.flatnonzero(np.cumsum(share)[:-1] <= uniforms[k])
        drawn.append(len(inside))
    return np.array(drawn[1:])


def language_model_loss(inputs, targets, h0, params, Why, by):
    columns = np.arange(inputs.shape[1])

    def read(Wxh, Whh, bh, Why, by):
        h, loss = h0, 0
        for x, right in zip(inputs, targets):
            h = np.tanh(Wxh[:, x] + Whh @ h + bh)
            y = Why @ h + by
            y = y - y.real.max(axis=0)
            loss = loss + (np.log(np.exp(y).sum(axis=0)) - y[right, columns]).mean()
        return loss, h

    loss, h_last = read(*params, Why, by)
    dWxh, dWhh, dbh, dWhy, dby = differentiate(lambda *five: read(*five)[0], [*params, Why, by])
    return loss, (dWxh, dWhh, dbh), dWhy, dby, h_last


def gru_step_forward(x, h_prev, params, reset_after):
    Wxr, Wxu, Wxg, Whr, Whu, Whg, br, bu, bg, bhg = params
    r = 1 / (1 + np.exp(-(Wxr @ x + Whr @ h_prev + br)))
    z = 1 / (1 + np.exp(-(Wxu @ x + Whu @ h_prev + bu)))
    past = r * (Whg @ h_prev + bhg) if reset_after else Whg @ (r * h_prev) + bhg
    g = np.tanh(Wxg @ x + bg + past)
    return z * h_prev + (1 - z) * g, (r, z, g)


def gru_step_backward(dh, x, h_prev, gates, params, reset_after):
    def loss(x, h_prev, *params):
        return (dh * gru_step_forward(x, h_prev, params, reset_after)[0]).sum()

    dx, dh_prev, *dparams = differentiate(loss, [x, h_prev, *params])
    return dx, dh_prev, tuple(dparams)
