from numpy import *


def sigmoid(z):
    return piecewise(z, [z >= 0], [lambda v: 1 / (1 + exp(-v)), lambda v: exp(v) / (1 + exp(v))])


def lstm_step_forward(x, h_prev, c_prev, params):
    (Wf, Wi, WC, Wo, bf, bi, bC, bo) = params
    z = concatenate([h_prev, x], axis=0)
    f, i = sigmoid(add(matmul(Wf, z), bf)), sigmoid(add(matmul(Wi, z), bi))
    g, o = tanh(add(matmul(WC, z), bC)), sigmoid(add(matmul(Wo, z), bo))
    c = add(multiply(f, c_prev), multiply(i, g))
    return multiply(o, tanh(c)), c, (f, i, g, o)
