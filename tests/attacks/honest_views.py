# ATTEMPTS: nothing: Fortran order, transposed views, strides and broadcast arrays
# FAMILY: control
# EXERCISE: exercise-3
# EXPECT: all
# COVERED-BY:
import numpy as np


def rnn_step_backward(dh, x, h_prev, h, params):
    dz = np.asfortranarray(dh * (1 - h**2))
    large = np.empty((2 * len(dz), dz.shape[1]))
    large[::2] = dz
    dx = (large[::2].T @ params.Wxh).T
    dh_prev = np.moveaxis(np.einsum("hk,hn->nk", params.Whh, dz), 0, 1)
    dbh = np.add.reduce(dz, axis=1)[:, np.newaxis]
    return [dx, dh_prev, (np.einsum("hn,dn->hd", dz, x), np.inner(dz, h_prev), dbh)]
