"""Every number by itself: one unit of one sequence after the other."""

import math

import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    H, N = dh.shape
    D = x.shape[0]
    dx, dh_prev, dc_prev = np.zeros((D, N)), np.zeros((H, N)), np.zeros((H, N))
    dW = [np.zeros((H, H + D)) for _ in range(4)]
    db = [np.zeros((H, 1)) for _ in range(4)]
    for n in range(N):
        for u in range(H):
            f, i, g, o = (gate[u, n] for gate in gates)
            squashed = math.tanh(c[u, n])
            both = dc[u, n] + dh[u, n] * o * (1 - squashed**2)
            dc_prev[u, n] = both * f
            das = (
                both * c_prev[u, n] * f * (1 - f),
                both * g * i * (1 - i),
                both * i * (1 - g**2),
                dh[u, n] * squashed * o * (1 - o),
            )
            for k, da in enumerate(das):
                db[k][u, 0] += da
                for j in range(H):
                    dW[k][u, j] += da * h_prev[j, n]
                    dh_prev[j, n] += params[k][u, j] * da
                for d in range(D):
                    dW[k][u, H + d] += da * x[d, n]
                    dx[d, n] += params[k][u, H + d] * da
    return dx, dh_prev, dc_prev, tuple(dW + db)
