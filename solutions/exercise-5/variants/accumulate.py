from itertools import accumulate

import numpy as np


def rnn_backward(d, inp, state, p):
    """All dz from the last step to the first, as one running computation; own names for everything."""
    slope = 1 - state[1:] ** 2
    pairs = list(zip(d, slope))[::-1]
    first = pairs[0][0] * pairs[0][1]
    chain = accumulate(pairs[1:], lambda dz, pair: (pair[0] + p.Whh.T @ dz) * pair[1], initial=first)
    dz = np.array(list(chain))[::-1]  # (T, H, N)
    dxs = np.matmul(p.Wxh.T, dz)
    dWxh = np.tensordot(dz, inp, axes=([0, 2], [0, 2]))
    dWhh = np.tensordot(dz, state[:-1], axes=([0, 2], [0, 2]))
    db = dz.sum(0).sum(1, keepdims=True)
    return dxs, p.Whh.T @ dz[0], type(p)(dWxh, dWhh, db)
