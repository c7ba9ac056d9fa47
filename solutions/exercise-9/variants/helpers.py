import numpy as np
from collections import namedtuple

LSTMParams = namedtuple("LSTMParams", "Wf Wi WC Wo bf bi bC bo")


def through_sigmoid(dout, out):
    return dout * out * (1 - out)


def through_tanh(dout, out):
    return dout * (1 - np.power(out, 2))


def through_product(dout, a, b):
    return dout * b, dout * a


def through_affine(dout, W, v):
    return np.dot(W.T, dout), np.dot(dout, v.T), np.sum(dout, axis=1, keepdims=True)


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    z = np.append(h_prev, x, axis=0)
    tanh_c = np.tanh(c)
    do, dtanh_c = through_product(dh, gates.o, tanh_c)
    dc = dc + through_tanh(dtanh_c, tanh_c)
    df, dc_prev = through_product(dc, gates.f, c_prev)
    di, dg = through_product(dc, gates.i, gates.g)
    dz_f, dWf, dbf = through_affine(through_sigmoid(df, gates.f), params.Wf, z)
    dz_i, dWi, dbi = through_affine(through_sigmoid(di, gates.i), params.Wi, z)
    dz_g, dWC, dbC = through_affine(through_tanh(dg, gates.g), params.WC, z)
    dz_o, dWo, dbo = through_affine(through_sigmoid(do, gates.o), params.Wo, z)
    dh_prev, dx = np.vsplit(dz_f + dz_i + dz_g + dz_o, [h_prev.shape[0]])
    return dx, dh_prev, dc_prev, LSTMParams(dWf, dWi, dWC, dWo, dbf, dbi, dbC, dbo)
