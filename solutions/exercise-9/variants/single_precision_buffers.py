"""The gradients of the inputs are kept in single precision, which is enough for them."""

import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    f, i, g, o = gates
    dx = np.zeros(x.shape, dtype=np.float32)
    dh_prev = np.zeros(h_prev.shape, dtype=np.float32)
    dc_prev = np.zeros(c_prev.shape, dtype=np.float32)
    tanh_c = np.tanh(c)
    dct = dc + dh * o * (1 - tanh_c**2)
    dc_prev[...] = dct * f
    raw = [dct * c_prev * f * (1 - f), dct * g * i * (1 - i), dct * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
    z = np.vstack((h_prev, x))
    for da, W in zip(raw, params):
        back = W.T @ da
        dh_prev += back[: len(h_prev)].astype(np.float32)
        dx += back[len(h_prev) :].astype(np.float32)
    grads = [da @ z.T for da in raw]
    grads += [da.sum(axis=1, keepdims=True, dtype=np.float64).astype(np.float32) for da in raw]
    return dx, dh_prev, dc_prev, tuple(grads)
