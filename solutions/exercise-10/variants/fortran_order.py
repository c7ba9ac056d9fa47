"""Sequences in rows, inside; columns again on the way out, which leaves arrays in Fortran order."""

import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    rows = (0, 2, 1)
    up, X = dhs.transpose(rows), xs.transpose(rows)
    hs, cs = trace.hs.transpose(rows), trace.cs.transpose(rows)
    f, i, g, o = (gate.transpose(rows) for gate in trace.gates)
    T, N, H = up.shape
    dX = np.zeros((T, N, X.shape[2]))
    dW, db = [0, 0, 0, 0], [0, 0, 0, 0]
    dh, dc = np.zeros((N, H)), dc_last.T
    for t in reversed(range(T)):
        dh = dh + up[t]
        th = np.tanh(cs[t + 1])
        dc = dc + dh * o[t] * (1 - th**2)
        das = [
            dc * cs[t] * f[t] * (1 - f[t]),
            dc * g[t] * i[t] * (1 - i[t]),
            dc * i[t] * (1 - g[t] ** 2),
            dh * th * o[t] * (1 - o[t]),
        ]
        z = np.hstack([hs[t], X[t]])
        dz = np.zeros(z.shape)
        for k, da in enumerate(das):
            dW[k] = dW[k] + z.T @ da
            db[k] = db[k] + da.sum(axis=0)
            dz = dz + da @ params[k]
        dh, dX[t] = dz[:, :H], dz[:, H:]
        dc = dc * f[t]
    dparams = [np.asfortranarray(one.T) for one in dW] + [one.reshape(H, 1) for one in db]
    return dX.transpose(rows), dh.T, np.asfortranarray(dc.T), dparams
