import numpy as np


def rnn_backward(dhs, xs, hs, params):
    """The rest of the sequence is a sequence: its dh0 is what it sends to the first new state."""
    T = dhs.shape[0]
    if T == 0:
        return np.zeros(xs.shape), np.zeros(hs[0].shape), tuple(np.zeros(p.shape) for p in params)
    dxs, dh, dparams = rnn_backward(dhs[1:], xs[1:], hs[1:], params)
    dz = (dhs[0] + dh) * (1 - hs[1] * hs[1])
    here = dz @ xs[0].T, dz @ hs[0].T, dz.sum(axis=1, keepdims=True)
    dx = params[0].T @ dz
    return (
        np.concatenate([dx[None], dxs]),
        params[1].T @ dz,
        tuple(a + b for a, b in zip(here, dparams)),
    )
