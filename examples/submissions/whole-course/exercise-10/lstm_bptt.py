import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    hs, cs, (f, i, g, o) = trace
    T, H, N = dhs.shape
    W = np.concatenate(params[:4])
    das = np.empty((T, 4 * H, N))
    dzs = np.empty((T, W.shape[1], N))
    dh_next, dc = np.zeros((H, N)), dc_last
    for t in range(T - 1, -1, -1):
        dh, tc = dhs[t] + dh_next, np.tanh(cs[t + 1])
        dc = dc + dh * o[t] * (1 - tc**2)
        das[t, :H] = dc * cs[t] * f[t] * (1 - f[t])
        das[t, H : 2 * H] = dc * g[t] * i[t] * (1 - i[t])
        das[t, 2 * H : 3 * H] = dc * i[t] * (1 - g[t] ** 2)
        das[t, 3 * H :] = dh * tc * o[t] * (1 - o[t])
        dzs[t] = W.T @ das[t]
        dh_next, dc = dzs[t, :H], dc * f[t]
    stacked = np.concatenate([hs[:-1], xs], axis=1)  # (T, H + D, N)
    dW = np.tensordot(das, stacked, axes=([0, 2], [0, 2]))
    db = das.sum(axis=(0, 2))[:, None]
    dparams = type(params)(*np.split(dW, 4), *np.split(db, 4))
    return dzs[:, H:], dh_next, dc, dparams
