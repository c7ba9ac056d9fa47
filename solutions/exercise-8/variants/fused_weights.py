import numpy as np


def sigmoid(a):
    return 0.5 * np.tanh(0.5 * a) + 0.5


def lstm_forward(xs, h0, c0, params):
    """All four gates in one product; what the inputs send is computed for all steps beforehand."""
    T, D, N = xs.shape
    H = h0.shape[0]
    W = np.concatenate(params[:4])  # (4H, H + D)
    b = np.concatenate(params[4:])  # (4H, 1)
    drive = W[:, H:] @ xs + b  # (T, 4H, N)
    hs = np.concatenate([h0[None], np.zeros((T, H, N))])
    cs = np.concatenate([c0[None], np.zeros((T, H, N))])
    gates = np.zeros((4, T, H, N))
    for t in range(T):
        f, i, g, o = (drive[t] + W[:, :H] @ hs[t]).reshape(4, H, N)
        gates[:, t] = f, i, g, o = sigmoid(f), sigmoid(i), np.tanh(g), sigmoid(o)
        cs[t + 1] = f * cs[t] + i * g
        hs[t + 1] = o * np.tanh(cs[t + 1])
    return hs, cs, tuple(gates)


def init_lstm(input_size, hidden_size, forget_bias, seed):
    H = hidden_size
    W = np.random.default_rng(seed).uniform(-1, 1, (4, H, H + input_size)) / np.sqrt(H)
    b = np.zeros((4, H, 1))
    b[0] = forget_bias
    return (*W, *b)
