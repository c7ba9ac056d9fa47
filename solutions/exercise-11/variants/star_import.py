from numpy import *
from collections import namedtuple

AdamState = namedtuple("AdamState", "m v t")


def sgd_step(params, grads, lr):
    out = []
    for (p, g) in zip(params, grads):
        q = p.copy()
        q -= lr * g
        out.append(q)
    return type(params)(*out)


def adam_step(params, grads, state, lr):
    t = 1 + state.t
    out = []
    for p, g, m, v in zip(params, grads, state.m, state.v):
        m = average([m, g], axis=0, weights=[0.9, 0.1])
        v = average([v, square(g)], axis=0, weights=[0.999, 0.001])
        out.append((p - lr * divide(m / (1 - power(0.9, t)), sqrt(v / (1 - power(0.999, t))) + 1e-8), m, v))
    P, M, V = zip(*out)
    kind = type(params)
    return kind(*P), AdamState(kind(*M), kind(*V), t)


def train_toy(xs, targets, params, Why, by, lr, steps):
    from rnn_sequence import rnn_forward, output_forward
    from losses import binary_cross_entropy, output_backward
    from bptt import rnn_backward

    T, D, N = shape(xs)
    losses = zeros(steps)
    for k in range(steps):
        hs = rnn_forward(xs, zeros((len(params.bh), N)), params)
        losses[k], dy = binary_cross_entropy(output_forward(hs[-1], Why, by), targets)
        dh, dWhy, dby = output_backward(dy, hs[-1], Why)
        dhs = zeros_like(hs)[1:]
        dhs[-1] = dh
        dxs, dh0, dparams = rnn_backward(dhs, xs, hs, params)
        params, Why, by = sgd_step(params, dparams, lr), Why - lr * dWhy, by - lr * dby
    return params, Why, by, losses


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    from rnn_sequence import output_forward
    from losses import output_backward
    from lstm_sequence import lstm_forward
    from lstm_bptt import lstm_backward

    Out = namedtuple("Out", "Wy by")
    losses, output = [], Out(Wy, by)
    nothing = lambda kind: kind(*[zeros(p.shape) for p in kind])
    z = lambda p: type(p)(*map(zeros_like, p))
    one, two = AdamState(z(params), z(params), 0), AdamState(z(output), z(output), 0)
    for x, target in zip(xs, targets):
        start = zeros((output.Wy.shape[1], x.shape[-1]))
        trace = lstm_forward(x, start, start, params)
        e = output_forward(trace.hs[-1], *output) - target
        losses.append(mean(e ** 2))
        dh, dWy, dby = output_backward(2 * e / e.size, trace.hs[-1], output.Wy)
        dhs = concatenate([zeros((len(x) - 1,) + dh.shape), [dh]])
        dlstm = lstm_backward(dhs, zeros_like(start), x, trace, params)[-1]
        norm = sqrt(sum([sum(g ** 2) for g in [*dlstm, dWy, dby]]))
        k = minimum(1, max_norm / norm)
        params, one = adam_step(params, type(params)(*[k * g for g in dlstm]), one, lr)
        output, two = adam_step(output, Out(k * dWy, k * dby), two, lr)
    return params, output.Wy, output.by, array(losses)
