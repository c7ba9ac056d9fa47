import numpy as np


def lstm_backward(dhs, dc_last, xs, trace, params):
    Wf, Wi, WC, Wo = params[:4]
    H = dhs.shape[1]
    dxs, shared = [], []
    dh_next, dc_next = 0, dc_last
    steps = list(zip(dhs, xs, trace.hs[:-1], trace.cs[:-1], trace.cs[1:], *trace.gates))
    for dh, x, h_prev, c_prev, c, f, i, g, o in steps[::-1]:
        dh = dh + dh_next
        dc = dc_next + dh * o * (1 - np.tanh(c) ** 2)
        df = dc * c_prev * f * (1 - f)
        di = dc * g * i * (1 - i)
        dg = dc * i * (1 - g**2)
        do = dh * np.tanh(c) * o * (1 - o)
        dz = Wf.T @ df + Wi.T @ di + WC.T @ dg + Wo.T @ do
        z = np.vstack((h_prev, x))
        shared.append([d @ z.T for d in (df, di, dg, do)] + [d.sum(1, keepdims=True) for d in (df, di, dg, do)])
        dxs.append(dz[H:])
        dh_next, dc_next = dz[:H], dc * f
    dxs.reverse()
    return np.array(dxs), dh_next, dc_next, [np.sum(one, axis=0) for one in zip(*shared)]
