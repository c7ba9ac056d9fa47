import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    f, i, g, o = [gate.copy() for gate in gates]
    squashed = np.tanh(c)
    slope = squashed**2
    slope -= 1
    dc = dc.copy()
    dc -= dh * o * slope
    dc_prev = f.copy()
    dc_prev *= dc
    df, di, dg, do = dc.copy(), dc.copy(), dc.copy(), dh.copy()
    df *= c_prev
    di *= g
    dg *= i
    do *= squashed
    for da, gate in ((df, f), (di, i), (do, o)):
        da *= gate
        gate -= 1
        gate *= -1
        da *= gate
    g **= 2
    g -= 1
    dg *= -g
    grads = [np.zeros_like(p) for p in params]
    dz = np.zeros((h_prev.shape[0] + x.shape[0], x.shape[1]))
    z = np.empty_like(dz)
    z[: len(h_prev)] = h_prev
    z[len(h_prev) :] = x
    for k, da in enumerate((df, di, dg, do)):
        dz += params[k].T @ da
        grads[k] += da @ z.T
        grads[k + 4] += da.sum(axis=1).reshape(-1, 1)
    return dz[-len(x) :], dz[: -len(x)], dc_prev, type(params)(*grads)
