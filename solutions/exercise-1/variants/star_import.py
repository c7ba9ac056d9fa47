from numpy import *


def rnn_step_forward(x, h_prev, params):
    Wxh, Whh, bh = params[0], params[1], params[2]
    z = add(add(matmul(Wxh, x), matmul(Whh, h_prev)), tile(bh, (1, x.shape[1])))
    return tanh(z)
