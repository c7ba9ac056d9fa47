import numpy as np


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    f, i, g, o = gates
    tc = np.tanh(c)
    into_c = dc + dh * o * (1 - tc * tc)
    # the gradient inside each squashing, one block below the other
    da = np.concatenate(
        [
            into_c * c_prev * f * (1 - f),
            into_c * g * i * (1 - i),
            into_c * i * (1 - g * g),
            dh * tc * o * (1 - o),
        ]
    )
    H = len(dh)
    dW = da @ np.concatenate([h_prev, x]).T
    dz = np.concatenate(params[:4]).T @ da
    db = da.sum(axis=1, keepdims=True)
    dparams = type(params)(*np.split(dW, 4), *np.split(db, 4))
    return dz[H:], dz[:H], into_c * f, dparams
