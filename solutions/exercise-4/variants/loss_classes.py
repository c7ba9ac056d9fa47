"""Classes do the work, and the functions are doors to them."""

from typing import NamedTuple

import numpy as np


class LossAndGradient(NamedTuple):
    loss: float
    dy: np.ndarray


class Classes:
    def __init__(self, y, targets):
        self.y, self.targets = y, targets
        self.columns = np.arange(y.shape[1])

    @property
    def log_p(self):
        shifted = self.y - self.y.max(axis=0, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))

    def loss(self):
        return -self.log_p[self.targets, self.columns].mean()

    def gradient(self):
        p = np.exp(self.log_p)
        p[self.targets, self.columns] -= 1.0
        return p / len(self.columns)


class Labels(Classes):
    """Yes or no is two classes, where "no" has the logit 0."""

    def __init__(self, y, targets):
        super().__init__(np.concatenate([np.zeros_like(y), y]), targets)

    def gradient(self):
        return super().gradient()[1:]


class OutputLayer:
    def __init__(self, Why, h):
        self.Why, self.h = Why, h

    def backward(self, dy):
        self.dWhy = dy @ self.h.T
        self.dby = dy @ np.ones((dy.shape[1], 1))
        return self.Why.T @ dy


def softmax(y: np.ndarray) -> np.ndarray:
    return np.exp(Classes(y, None).log_p)


def softmax_cross_entropy(y: np.ndarray, targets: np.ndarray) -> LossAndGradient:
    classes = Classes(y, targets)
    return LossAndGradient(classes.loss(), classes.gradient())


def binary_cross_entropy(y: np.ndarray, targets: np.ndarray) -> LossAndGradient:
    labels = Labels(y, targets)
    return LossAndGradient(dy=labels.gradient(), loss=labels.loss())


def output_backward(dy, h, Why):
    layer = OutputLayer(Why, h)
    dh = layer.backward(dy)
    return dh, layer.dWhy, layer.dby
