import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    dhs = dhs.copy()
    dc = dc_last.copy()
    hs, cs, gates = trace
    H = hs.shape[1]
    dh0 = np.zeros_like(dc)
    dxs = np.zeros_like(xs)
    dparams = type(params)(*[np.zeros_like(p) for p in params])
    for t in range(len(xs) - 1, -1, -1):
        f, i, g, o = [gate[t] for gate in gates]
        squashed = np.tanh(cs[t + 1])
        dc += dhs[t] * o * (1 - squashed**2)
        z = np.empty((H + xs.shape[1], dc.shape[1]))
        z[:H] = hs[t]
        z[H:] = xs[t]
        before = dhs[t - 1] if t > 0 else dh0
        for k, da in enumerate(
            [
                dc * cs[t] * (f - f * f),
                dc * g * (i - i * i),
                dc * i * (1 - g * g),
                dhs[t] * squashed * (o - o * o),
            ]
        ):
            dparams[k][...] += da @ z.T
            dparams[k + 4][...] += da.sum(axis=1).reshape(-1, 1)
            before += params[k][:, :H].T @ da
            dxs[t] += params[k][:, H:].T @ da
        dc *= f
    return dxs, dh0, dc, dparams
