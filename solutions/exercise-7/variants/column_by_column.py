import numpy as np


def sigmoid(z):
    @np.vectorize
    def one(v):
        return np.exp(v) / (1 + np.exp(v)) if v < 0 else 1 / (1 + np.exp(-v))

    return one(z)


def lstm_step_forward(x, h_prev, c_prev, params):
    columns = []
    for n in range(x.shape[1]):
        z = np.append(h_prev[:, n], x[:, n])  # (H + D,): flat, and so are the biases
        a = {name: getattr(params, "W" + name) @ z + getattr(params, "b" + name)[:, 0] for name in "fiCo"}
        f, i, g, o = sigmoid(a["f"]), sigmoid(a["i"]), np.tanh(a["C"]), sigmoid(a["o"])
        c = f * c_prev[:, n] + i * g
        columns.append((o * np.tanh(c), c, f, i, g, o))
    h, c, *gates = (np.stack(one, axis=1) for one in zip(*columns))
    return h, c, tuple(gates)
