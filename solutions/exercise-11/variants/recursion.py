"""The way forward and back is one recursive function; a step of training is one more."""

import functools

import numpy as np


def sgd_step(params, grads, lr):
    if not params:
        return ()
    return (params[0] - lr * grads[0], *sgd_step(params[1:], grads[1:], lr))


def adam_step(params, grads, state, lr):
    m, v, t = state
    b1, b2 = 0.9, 0.999

    def each(p, g, m, v):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        scale = np.sqrt(v / (1 - b2 ** (t + 1)))
        return p - lr * m / ((1 - b1 ** (t + 1)) * (scale + 1e-8)), m, v

    p, m, v = zip(*map(each, params, grads, m, v))
    return p, (m, v, t + 1)


def through_rnn(xs, h, params, top):
    """Return the loss, and the gradients of h, Wxh, Whh and bh."""
    if len(xs) == 0:
        loss, dh = top(h)
        return loss, dh, [0, 0, 0]
    Wxh, Whh, bh = params
    after = np.tanh(Wxh @ xs[0] + Whh @ h + bh)
    loss, dh, (dWxh, dWhh, dbh) = through_rnn(xs[1:], after, params, top)
    dz = dh * (1 - after**2)
    dWxh, dWhh, dbh = dWxh + dz @ xs[0].T, dWhh + dz @ h.T, dbh + dz.sum(axis=1, keepdims=True)
    return loss, Whh.T @ dz, [dWxh, dWhh, dbh]


def train_toy(xs, targets, params, Why, by, lr, steps):
    N = xs.shape[2]

    def step(model, _):
        *recurrence, Why, by, losses = model
        seen = {}

        def top(h):
            y = Why @ h + by
            dy = (0.5 * (1 + np.tanh(0.5 * y)) - targets) / N
            seen["output"] = [dy @ h.T, dy.sum(axis=1, keepdims=True)]
            return np.mean(np.logaddexp(0, y) - targets * y), Why.T @ dy

        loss, _, grads = through_rnn(xs, np.zeros((len(params.bh), N)), recurrence, top)
        arrays = sgd_step((*recurrence, Why, by), (*grads, *seen["output"]), lr)
        return (*arrays, [*losses, loss])

    *recurrence, Why, by, losses = functools.reduce(step, range(steps), (*params, Why, by, []))
    return tuple(recurrence), Why, by, np.array(losses)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def through_lstm(xs, h, c, params, top):
    """Return the loss, the gradients of h and c, and those of the eight arrays."""
    if len(xs) == 0:
        loss, dh = top(h)
        return loss, dh, np.zeros_like(c), [0] * 8
    weights, biases = params[:4], params[4:]
    z = np.vstack((h, xs[0]))
    af, ai, ag, ao = (W @ z + b for W, b in zip(weights, biases))
    f, i, g, o = sigmoid(af), sigmoid(ai), np.tanh(ag), sigmoid(ao)
    new_c = f * c + i * g
    squashed = np.tanh(new_c)
    loss, dh, dc, grads = through_lstm(xs[1:], o * squashed, new_c, params, top)
    dc = dc + dh * o * (1 - squashed**2)
    das = [dc * c * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * squashed * o * (1 - o)]
    local = [da @ z.T for da in das] + [da.sum(axis=1, keepdims=True) for da in das]
    dz = sum(W.T @ da for W, da in zip(weights, das))
    return loss, dz[: len(h)], dc * f, [old + new for old, new in zip(grads, local)]


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    model = (*params, Wy, by)
    state = (tuple(np.zeros_like(p) for p in model),) * 2 + (0,)
    losses = []
    for x, target in zip(xs, targets):
        *lstm, Wy, by = model
        output = []

        def top(h):
            error = Wy @ h + by - target
            dy = 2 * error / target.size
            output[:] = [dy @ h.T, dy.sum(axis=1, keepdims=True)]
            return np.mean(error**2), Wy.T @ dy

        start = np.zeros((Wy.shape[1], target.size))
        loss, _, _, grads = through_lstm(x, start, start, lstm, top)
        losses.append(loss)
        grads = grads + output
        norm = np.sqrt(sum(np.sum(g * g) for g in grads))
        model, state = adam_step(model, [g * min(1, max_norm / norm) for g in grads], state, lr)
    return model[:8], model[8], model[9], np.array(losses)
