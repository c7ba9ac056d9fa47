"""The loop only carries the message; everything else is one product over all steps."""

import numpy as np


def rnn_backward(dhs, xs, hs, params):
    Wxh, Whh, _ = params
    slopes = 1 - hs[1:] ** 2
    dzs = np.empty(dhs.shape)
    message = 0
    for t in range(len(dhs) - 1, -1, -1):
        dzs[t] = (dhs[t] + message) * slopes[t]
        message = np.einsum("ij,in->jn", Whh, dzs[t])
    dxs = np.einsum("hd,thn->tdn", Wxh, dzs)
    dWxh = np.einsum("thn,tdn->hd", dzs, xs)
    dWhh = np.einsum("tin,tjn->ij", dzs, hs[:-1])
    dbh = np.einsum("thn->h", dzs).reshape(-1, 1)
    return dxs, message, (dWxh, dWhh, dbh)
