import numpy as np


def sigmoid(a):
    return np.exp(-np.logaddexp(0, -a))


def lstm_forward(xs, h0, c0, params):
    T, H, N = len(xs), *h0.shape
    W, b = np.stack(params[:4]), np.stack(params[4:])
    h, c = h0, c0
    history = []
    for t in range(T):
        a = np.einsum("khj,jn->khn", W, np.concatenate([h, xs[t]])) + b
        a[2] = np.tanh(a[2])
        a[[0, 1, 3]] = sigmoid(a[[0, 1, 3]])
        c = np.einsum("hn,hn->hn", a[0], c) + np.einsum("hn,hn->hn", a[1], a[2])
        h = a[3] * np.tanh(c)
        history.append(np.stack([h, c, *a]))
    hs, cs, f, i, g, o = np.stack(history, axis=1)
    return np.insert(hs, 0, h0, axis=0), np.insert(cs, 0, c0, axis=0), (f, i, g, o)


def init_lstm(input_size, hidden_size, forget_bias, seed):
    generator = np.random.default_rng(seed)
    bound = np.sqrt(1 / hidden_size)
    weights = generator.uniform(low=-bound, high=bound, size=(4 * hidden_size, hidden_size + input_size))
    biases = np.repeat([float(forget_bias), 0.0, 0.0, 0.0], hidden_size)[:, None]
    return (*np.split(weights, 4), *np.split(biases, 4))
