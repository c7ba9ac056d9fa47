import numpy as np


def softmax_of_one(y):
    e = np.exp(y - max(y))
    return e / e.sum()


def softmax(y):
    return np.column_stack([softmax_of_one(y[:, n]) for n in range(y.shape[1])])


def softmax_cross_entropy(y, targets):
    losses, grads = [], []
    for column, target in zip(y.T, targets):
        shifted = column - column.max()
        losses.append(np.log(np.exp(shifted).sum()) - shifted[target])
        grad = softmax_of_one(column)
        grad[target] -= 1
        grads.append(grad / len(targets))
    return np.mean(losses), np.stack(grads, axis=1)


def binary_cross_entropy(y, targets):
    losses, grads = [], []
    for logit, label in zip(y[0], targets):
        both = np.array([0.0, logit])  # the logit of "no" is always 0
        losses.append(both.max() + np.log(np.exp(both - both.max()).sum()) - both[label])
        grads.append(softmax_of_one(both)[1] - label)
    return sum(losses) / len(losses), np.array([grads]) / len(grads)


def output_backward(dy, h, Why):
    dh = np.stack([column @ Why for column in dy.T], axis=1)
    dWhy = sum(np.outer(d, s) for d, s in zip(dy.T, h.T))
    dby = sum(dy[:, [n]] for n in range(dy.shape[1]))
    return dh, dWhy, dby
