import numpy as np


def rnn_backward(dhs, xs, hs, params):
    Wxh, Whh, bh = params
    dh = np.zeros(hs.shape[1:])
    dxs, dWxhs, dWhhs, dbhs = [], [], [], []
    for dh_here, x, h_prev, h in zip(dhs[::-1], xs[::-1], hs[-2::-1], hs[:0:-1]):
        dh = dh + dh_here
        dz = np.multiply(dh, 1 - np.square(h))
        dxs.append(np.dot(Wxh.T, dz))
        dWxhs.append(np.dot(dz, x.T))
        dWhhs.append(np.dot(dz, h_prev.T))
        dbhs.append(np.sum(dz, axis=1)[:, np.newaxis])
        dh = np.dot(Whh.T, dz)
    dxs.reverse()
    return np.stack(dxs), dh, (sum(dWxhs), sum(dWhhs), sum(dbhs))
