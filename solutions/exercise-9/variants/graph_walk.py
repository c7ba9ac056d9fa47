"""A tiny graph: every node knows its parents and how to send a gradient back to them, and recursion does the rest."""

import numpy as np


class Node:
    def __init__(self, value, *parents):
        self.value, self.parents, self.grad = value, parents, 0.0

    def send(self, grad):
        self.grad = self.grad + grad
        for parent, back in self.parents:
            parent.send(back(grad))


def affine(W, z, b, squash, slope):
    value = squash(W.value @ z.value + b.value)
    through = slope(value)
    return Node(
        value,
        (W, lambda grad: (grad * through) @ z.value.T),
        (z, lambda grad: W.value.T @ (grad * through)),
        (b, lambda grad: np.sum(grad * through, axis=1, keepdims=True)),
    )


def times(a, b):
    return Node(a.value * b.value, (a, lambda grad: grad * b.value), (b, lambda grad: grad * a.value))


def plus(a, b):
    return Node(a.value + b.value, (a, lambda grad: grad), (b, lambda grad: grad))


def squashed(a):
    value = np.tanh(a.value)
    return Node(value, (a, lambda grad: grad * (1 - value**2)))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lstm_step_backward(dh, dc, x, h_prev, c_prev, c, gates, params):
    nodes = [Node(p) for p in params]
    z, old = Node(np.vstack((h_prev, x))), Node(c_prev)
    f, i, g, o = (
        affine(W, z, b, np.tanh, lambda v: 1 - v * v) if k == 2 else affine(W, z, b, sigmoid, lambda v: v * (1 - v))
        for k, (W, b) in enumerate(zip(nodes[:4], nodes[4:]))
    )
    cell = plus(times(f, old), times(i, g))
    h = times(o, squashed(cell))
    h.send(dh)
    cell.send(dc)
    H = len(h_prev)
    return z.grad[H:], z.grad[:H], old.grad, tuple(node.grad for node in nodes)
