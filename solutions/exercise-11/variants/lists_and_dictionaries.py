import numpy as np

import losses as loss_functions
import bptt, lstm_bptt, lstm_sequence, rnn_sequence


def sgd_step(params, grads, lr):
    new = params._asdict()
    for name, grad in zip(new, grads):
        new[name] = new[name] - lr * grad
    return params._replace(**new)


def adam_step(params, grads, state, lr):
    names = params._fields
    t = state.t + 1
    new, m, v = {}, {}, {}
    for k, name in enumerate(names):
        m[name] = 0.9 * state.m[k] + (1 - 0.9) * grads[k]
        v[name] = 0.999 * state.v[k] + (1 - 0.999) * np.square(grads[k])
        corrected = np.sqrt(v[name] / (1 - 0.999**t))
        new[name] = params[k] - lr * (m[name] / (1 - 0.9**t)) / (corrected + 1e-8)
    return type(params)(**new), type(state)(type(params)(**m), type(params)(**v), t)


def train_toy(xs, targets, params, Why, by, lr, steps):
    losses = []
    while len(losses) < steps:
        h0 = np.zeros((params.Whh.shape[0], xs.shape[2]))
        hs = rnn_sequence.rnn_forward(xs, h0, params)
        y, _ = rnn_sequence.rnn_predict(xs, params, Why, by)
        loss, dy = loss_functions.binary_cross_entropy(y, targets)
        losses.append(loss)
        grads = {}
        dhs = [np.zeros_like(h0) for _ in range(xs.shape[0])]
        dhs[-1], grads["Why"], grads["by"] = loss_functions.output_backward(dy, hs[-1], Why)
        dparams = bptt.rnn_backward(np.array(dhs), xs, hs, params)[-1]
        params = sgd_step(params, dparams, lr)
        Why = Why - lr * grads["Why"]
        by = by - lr * grads["by"]
    return [params, Why, by, np.asarray(losses)]


def train_adding(xs, targets, params, Wy, by, lr, max_norm):
    losses = []
    model = params._asdict() | {"Wy": Wy, "by": by}
    m = {name: 0 * array for name, array in model.items()}
    v = {name: 0 * array for name, array in model.items()}
    for t, (x, target) in enumerate(zip(xs, targets), start=1):
        lstm = type(params)(*[model[name] for name in params._fields])
        h0 = np.zeros((Wy.shape[1], x.shape[2]))
        c0 = np.zeros((Wy.shape[1], x.shape[2]))
        trace = lstm_sequence.lstm_forward(x, h0, c0, lstm)
        y = rnn_sequence.output_forward(trace.hs[-1], model["Wy"], model["by"])
        losses.append(((y[0] - target) ** 2).mean())
        dh, dWy, dby = loss_functions.output_backward(2 * (y - target) / len(target), trace.hs[-1], model["Wy"])
        dhs = np.zeros((len(x), *dh.shape))
        dhs[len(x) - 1] = dh
        _, _, _, dlstm = lstm_bptt.lstm_backward(dhs, np.zeros_like(c0), x, trace, lstm)
        grads = dict(zip(params._fields, dlstm)) | {"Wy": dWy, "by": dby}
        total = 0.0
        for grad in grads.values():
            total += float((grad**2).sum())
        total = total**0.5
        for name in grads:
            g = grads[name] * (max_norm / total if total > max_norm else 1.0)
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g**2
            m_hat, v_hat = m[name] / (1 - 0.9**t), v[name] / (1 - 0.999**t)
            model[name] = model[name] - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    return [model[name] for name in params._fields], model["Wy"], model["by"], np.array(losses)
