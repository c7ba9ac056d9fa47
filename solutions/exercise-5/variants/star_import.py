from numpy import *


def rnn_backward(dhs, xs, hs, params):
    Wxh, Whh, bh = params
    T = shape(xs)[0]
    dxs = zeros(shape(xs))
    dh0, dWxh, dWhh, dbh = zeros(shape(hs[0])), zeros(shape(Wxh)), zeros(shape(Whh)), zeros(shape(bh))
    for t in arange(T - 1, -1, -1):
        dz = add(dhs[t], dh0) * (ones(shape(dh0)) - power(hs[t + 1], 2))
        dxs[t] = matmul(transpose(Wxh), dz)
        dWxh = add(dWxh, matmul(dz, transpose(xs[t])))
        dWhh = add(dWhh, matmul(dz, transpose(hs[t])))
        dbh = add(dbh, sum(dz, axis=1, keepdims=True))
        dh0 = matmul(transpose(Whh), dz)
    return dxs, dh0, [dWxh, dWhh, dbh]
