"""Each sequence of the batch by itself; its parameters' gradients are added to those of the others."""

import numpy as np


def one_sequence(dhs, dc, xs, hs, cs, gates, params):
    dh = np.zeros_like(dc)
    dxs = np.empty_like(xs)
    grads = [np.zeros_like(p) for p in params]
    for t in range(len(xs))[::-1]:
        f, i, g, o = (gate[t] for gate in gates)
        dh = dh + dhs[t]
        dc = dc + dh * o * (1 - np.tanh(cs[t + 1]) ** 2)
        das = [dc * cs[t] * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g**2), dh * np.tanh(cs[t + 1]) * o * (1 - o)]
        z = np.concatenate([hs[t], xs[t]])
        dz = np.zeros_like(z)
        for k, da in enumerate(das):
            grads[k] += np.outer(da, z)
            grads[4 + k] += da[:, None]
            dz += da @ params[k]
        dh, dxs[t] = dz[: dh.size], dz[dh.size :]
        dc = dc * f
    return dxs, dh, dc, grads


def lstm_backward(dhs, dc_last, xs, trace, params):
    each = [
        one_sequence(
            dhs[:, :, n],
            dc_last[:, n],
            xs[:, :, n],
            trace.hs[:, :, n],
            trace.cs[:, :, n],
            [gate[:, :, n] for gate in trace.gates],
            params,
        )
        for n in range(xs.shape[2])
    ]
    dxs, dh0, dc0, grads = zip(*each)
    return np.stack(dxs, -1), np.stack(dh0, -1), np.stack(dc0, -1), tuple(sum(one) for one in zip(*grads))
