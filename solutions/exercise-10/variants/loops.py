"""Every number by itself: one unit of one sequence at one time after the other."""

import math

import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    T, D, N = xs.shape
    H = dc_last.shape[0]
    hs, cs, gates = trace
    W = [w.tolist() for w in params[:4]]
    dxs = np.zeros((T, D, N))
    dW = np.zeros((4, H, H + D))
    db = np.zeros((4, H, 1))
    dh0, dc0 = np.zeros((H, N)), np.zeros((H, N))
    for n in range(N):
        dh_next = [0.0] * H
        dc_next = [dc_last[u, n] for u in range(H)]
        for t in range(T - 1, -1, -1):
            dz = [0.0] * (H + D)
            z = [*hs[t, :, n], *xs[t, :, n]]
            for u in range(H):
                f, i, g, o = (gate[t, u, n] for gate in gates)
                th = math.tanh(cs[t + 1, u, n])
                dh = dhs[t, u, n] + dh_next[u]
                dc = dc_next[u] + dh * o * (1 - th * th)
                das = (dc * cs[t, u, n] * f * (1 - f), dc * g * i * (1 - i), dc * i * (1 - g * g), dh * th * o * (1 - o))
                for k in range(4):
                    db[k, u, 0] += das[k]
                    for j in range(H + D):
                        dW[k, u, j] += das[k] * z[j]
                        dz[j] += W[k][u][j] * das[k]
                dc_next[u] = dc * f
            dh_next = dz[:H]
            dxs[t, :, n] = dz[H:]
        dh0[:, n], dc0[:, n] = dh_next, dc_next
    return dxs, dh0, dc0, (*dW, *db)
