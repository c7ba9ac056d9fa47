"""Both memories as one vector of 2H numbers: every step is one Jacobian, and gradients are rows times products."""

import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    hs, cs, gates = trace
    T, D, N = xs.shape
    H = hs.shape[1]
    dxs, dh0, dc0 = np.empty(xs.shape), np.empty((H, N)), np.empty((H, N))
    dparams = [np.zeros(p.shape) for p in params]
    W = np.vstack(params[:4])  # (4H, H + D)
    for n in range(N):
        row = np.concatenate([np.zeros(H), dc_last[:, n]])  # gradient of (h, c)
        for t in range(T - 1, -1, -1):
            f, i, g, o = (gate[t, :, n] for gate in gates)
            th = np.tanh(cs[t + 1, :, n])
            show = o * (1 - th**2)  # dh/dc
            zero = np.zeros((H, H))
            dc_da = np.hstack([np.diag(cs[t, :, n] * f * (1 - f)), np.diag(g * i * (1 - i)), np.diag(i * (1 - g**2)), zero])
            dh_da = show[:, None] * dc_da + np.hstack([zero, zero, zero, np.diag(th * o * (1 - o))])
            by_sums = np.vstack([dh_da, dc_da])  # (2H, 4H)
            by_cell = np.vstack([np.diag(show * f), np.diag(f)])  # (2H, H)
            row = row + np.concatenate([dhs[t, :, n], np.zeros(H)])
            da = row @ by_sums
            z = np.concatenate([hs[t, :, n], xs[t, :, n]])
            for k in range(4):
                dparams[k] += np.outer(da[k * H : (k + 1) * H], z)
                dparams[k + 4][:, 0] += da[k * H : (k + 1) * H]
            dxs[t, :, n] = da @ W[:, H:]
            jacobian = np.hstack([by_sums @ W[:, :H], by_cell])  # (2H, 2H)
            row = row @ jacobian
        dh0[:, n], dc0[:, n] = row[:H], row[H:]
    return dxs, dh0, dc0, tuple(dparams)
