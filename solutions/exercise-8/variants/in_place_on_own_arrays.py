import numpy as np


def sigmoid(a):
    """Overwrites what it is given: only for arrays that nobody else needs."""
    low = a < 0
    np.abs(a, out=a)
    np.negative(a, out=a)
    np.exp(a, out=a)
    below = 1 + a
    a[~low] = 1
    a /= below
    return a


def lstm_forward(xs, h0, c0, params):
    T, D, N = xs.shape
    H = h0.shape[0]
    h, c, z = h0.copy(), c0.copy(), np.empty((H + D, N))
    hs = np.repeat(h0[None], T + 1, axis=0)
    cs = np.repeat(c0[None], T + 1, axis=0)
    gates = np.empty((4, T, H, N))
    for t, x in enumerate(xs):
        z[:H] = h
        z[H:] = x
        for which, (W, b) in enumerate(zip(params[:4], params[4:])):
            np.matmul(W, z, out=gates[which, t])
            gates[which, t] += b
            (np.tanh(gates[which, t], out=gates[which, t]) if which == 2 else sigmoid(gates[which, t]))
        c *= gates[0, t]
        c += gates[1, t] * gates[2, t]
        np.tanh(c, out=h)
        h *= gates[3, t]
        hs[t + 1] = h
        cs[t + 1] = c
    return hs, cs, (gates[0], gates[1], gates[2], gates[3])


def init_lstm(input_size, hidden_size, forget_bias, seed):
    rng = np.random.default_rng(seed)
    params = [rng.random((hidden_size, hidden_size + input_size)) for _ in range(4)]
    for W in params:
        W *= 2
        W -= 1
        W /= np.sqrt(hidden_size)
    for _ in range(4):
        params.append(np.zeros((hidden_size, 1)))
    params[4] += forget_bias
    return params
