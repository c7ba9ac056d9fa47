from numpy import *


def rnn_step_backward(dh, x, h_prev, h, params):
    (Wxh, Whh, bh) = params
    dz = dh * (ones_like(h) - h ** 2)
    dbh = zeros_like(bh)
    for n in range(dz.shape[1]):
        dbh += dz[:, [n]]
    dparams = {"Wxh": matmul(dz, transpose(x)), "Whh": matmul(dz, transpose(h_prev)), "bh": dbh}
    return matmul(transpose(Wxh), dz), matmul(transpose(Whh), dz), tuple(dparams.values())
