"""The chain rule in full matrices: one Jacobian of log p for each sequence."""

import numpy as np


def softmax(scores):
    scores = scores - scores.max(axis=0)
    return np.exp(scores) / np.exp(scores).sum(axis=0)


def softmax_cross_entropy(scores, labels):
    O, N = scores.shape
    P = softmax(scores)
    total, dscores = 0.0, np.empty((O, N))
    for n, label in enumerate(labels):
        s = scores[:, n]
        total += s.max() + np.log(np.exp(s - s.max()).sum()) - s[label]
        J = np.identity(O) - np.ones((O, 1)) * P[:, n]  # d log p[i] / d score[j]
        weight = np.zeros(O)
        weight[label] = -1.0 / N  # d loss / d log p
        dscores[:, n] = weight @ J
    return total / N, dscores


def binary_cross_entropy(scores, labels):
    N = scores.shape[1]
    yes, no = scores[0, labels == 1], scores[0, labels == 0]
    loss = (np.logaddexp(0, -yes).sum() + np.logaddexp(0, no).sum()) / N
    d = np.empty(N)
    d[labels == 1] = -np.exp(-np.logaddexp(0, yes))
    d[labels == 0] = np.exp(-np.logaddexp(0, -no))
    return loss, d.reshape(scores.shape) / N


def output_backward(dscores, state, W):
    J_state = W  # dy/dh
    dW = np.tensordot(dscores, state, axes=([1], [1]))
    return J_state.T @ dscores, dW, np.sum(dscores, axis=-1, keepdims=True)
