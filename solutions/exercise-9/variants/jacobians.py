"""The chain rule in full matrices: a diagonal one for each squashing and for each product."""

import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    H, N = dh.shape
    dx, dh_prev, dc_prev = np.empty(x.shape), np.empty((H, N)), np.empty((H, N))
    dparams = [np.zeros(p.shape) for p in params]
    for n in range(N):
        f, i, g, o = (gate[:, n] for gate in gates)
        z = np.hstack([h_prev[:, n], x[:, n]])
        t = np.tanh(c[:, n])
        dh_dc = np.diag(o) @ np.diag(1 - t**2)
        row = dc[:, n] + dh[:, n] @ dh_dc  # what reaches c
        dc_prev[:, n] = row @ np.diag(f)
        rows = [
            row @ np.diag(c_prev[:, n]) @ np.diag(f * (1 - f)),
            row @ np.diag(g) @ np.diag(i * (1 - i)),
            row @ np.diag(i) @ np.diag(1 - g**2),
            dh[:, n] @ np.diag(t) @ np.diag(o * (1 - o)),
        ]
        dz = np.zeros(len(z))
        for k in range(4):
            dz += rows[k] @ params[k]
            dparams[k] += np.kron(rows[k][:, None], z)
            dparams[4 + k] += rows[k].reshape(H, 1)
        dh_prev[:, n], dx[:, n] = dz[:H], dz[H:]
    return dx, dh_prev, dc_prev, tuple(dparams)
