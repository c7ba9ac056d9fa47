import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def one_sequence(xs, h, c, params):
    """xs (T, D), h and c (H,): everything is flat here, the biases too."""
    Wf, Wi, WC, Wo = params[:4]
    bf, bi, bC, bo = (b.ravel() for b in params[4:])
    yield h, c
    for x in xs:
        z = np.hstack((h, x))
        f, i, o = sigmoid(Wf @ z + bf), sigmoid(Wi @ z + bi), sigmoid(Wo @ z + bo)
        g = np.tanh(WC @ z + bC)
        c = f * c + i * g
        h = o * np.tanh(c)
        yield h, c, f, i, g, o


def lstm_forward(xs, h0, c0, params):
    names = ("hs", "cs", "f", "i", "g", "o")
    parts = {name: [] for name in names}
    for n in range(xs.shape[2]):
        moments = list(one_sequence(xs[:, :, n], h0[:, n], c0[:, n], params))
        for k, name in enumerate(names):
            parts[name].append([moment[k] for moment in moments if k < len(moment)])
    hs, cs, *gates = (np.moveaxis(np.array(parts[name]), 0, -1) for name in names)
    return hs, cs, gates


def init_lstm(input_size, hidden_size, forget_bias, seed):
    rng = np.random.default_rng(seed)
    H = hidden_size
    draws = (rng.uniform(-(H**-0.5), H**-0.5, H * (H + input_size)) for _ in "fiCo")
    weights = [numbers.reshape(H, H + input_size) for numbers in draws]
    biases = [np.array([[value]] * H, dtype=float) for value in (forget_bias, 0, 0, 0)]
    return tuple(weights + biases)
