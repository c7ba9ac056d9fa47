import numpy as np


def softmax(y):
    e = np.exp(y - np.amax(y, 0, keepdims=True))
    return np.einsum("on,n->on", e, 1 / np.einsum("on->n", e))


def softmax_cross_entropy(y, targets):
    O, N = y.shape
    wanted = (np.arange(O)[:, None] == targets[None, :]).astype(float)
    centred = y - np.amax(y, 0, keepdims=True)
    log_sums = np.log(np.einsum("on->n", np.exp(centred)))
    loss = (np.einsum("n->", log_sums) - np.einsum("on,on->", wanted, centred)) / N
    return np.asarray(loss), (softmax(y) - wanted) / N


def binary_cross_entropy(y, targets):
    row = y.ravel()
    loss = (np.logaddexp(0.0, row) - row * targets).mean()
    p = softmax(np.vstack([np.zeros_like(row), row]))[1]
    return np.array(loss), ((p - targets) / targets.size)[None, :]


def output_backward(dy, h, Why):
    return (
        np.einsum("oh,on->hn", Why, dy),
        np.einsum("on,hn->oh", dy, h),
        np.einsum("on->o", dy)[:, np.newaxis],
    )
