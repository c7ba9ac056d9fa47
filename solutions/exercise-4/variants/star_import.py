from numpy import *


def softmax(y):
    (O, N) = shape(y)
    top = tile(amax(y, axis=0), (O, 1))
    e = exp(subtract(y, top))
    return divide(e, tile(e.sum(axis=0), (O, 1)))


def softmax_cross_entropy(y, targets):
    (O, N) = shape(y)
    p = softmax(y)
    top = amax(y, axis=0)
    lse = top + log(exp(y - top).sum(axis=0))
    loss = mean(lse - choose(targets, y))
    hit = zeros((O, N))
    hit[targets, arange(N)] = 1
    return loss, divide(p - hit, N)


def binary_cross_entropy(y, targets):
    N = size(y)
    a = abs(y)
    softplus = where(y > 0, y, 0) + log(1 + exp(-a))
    p = exp(y - softplus)
    return average(softplus - multiply(targets, y)), divide(p - targets, N)


def output_backward(dy, h, Why):
    dh = matmul(transpose(Why), dy)
    dWhy = matmul(dy, transpose(h))
    dby = expand_dims(add.reduce(dy, axis=1), 1)
    return [dh, dWhy, dby]
