import numpy as np


def rnn_backward(dhs, xs, hs, params):
    # sequences first while computing, as many libraries do: (N, T, ...)
    X, S, dS = xs.transpose(2, 0, 1), hs.transpose(2, 0, 1), dhs.transpose(2, 0, 1)
    N, T, D = X.shape
    dX = np.zeros((N, T, D))
    dWxh = np.zeros(params.Wxh.shape, order="F")
    dWhh = np.zeros(params.Whh.shape, order="F")
    dbh = np.zeros(len(params.bh))
    dh = np.zeros((N, len(params.bh)))
    for t in reversed(range(T)):
        dz = (dS[:, t] + dh) * (1 - S[:, t + 1] ** 2)  # (N, H)
        dX[:, t] = dz @ params.Wxh
        dWxh += (X[:, t].T @ dz).T
        dWhh += (S[:, t].T @ dz).T
        dbh += dz.sum(axis=0)
        dh = dz @ params.Whh
    return dX.transpose(1, 2, 0), dh.T, (dWxh, dWhh, dbh[:, np.newaxis])
