import math

import numpy as np


def norm_of(array):
    total = 0.0
    for row in array:
        for value in row:
            total += value * value
    return math.sqrt(total)


def gradient_norms(dh_last, hs, params):
    Whh = params[1]
    H, N = dh_last.shape
    dh = [[dh_last[i, n] for n in range(N)] for i in range(H)]
    norms = [norm_of(dh)]
    for t in range(len(hs) - 1, 0, -1):
        dh = [
            [sum(Whh[i, j] * dh[i][n] * (1 - hs[t, i, n] ** 2) for i in range(H)) for n in range(N)]
            for j in range(H)
        ]
        norms.append(norm_of(dh))
    norms.reverse()
    return np.array(norms)


def spectral_radius(W):
    largest = 0.0
    for value in np.linalg.eigvals(W):
        size = math.hypot(value.real, value.imag)
        if size > largest:
            largest = size
    return largest


def gradient_bound(Whh, k):
    one_step = np.linalg.norm(Whh, 2)
    bound = 1.0
    for _ in range(k):
        bound = bound * one_step
    return bound


def clip_by_value(grads, limit):
    result = []
    for g in grads:
        new = np.zeros(g.shape)
        for i in range(g.shape[0]):
            for j in range(g.shape[1]):
                if g[i, j] > limit:
                    new[i, j] = limit
                elif g[i, j] < -limit:
                    new[i, j] = -limit
                else:
                    new[i, j] = g[i, j]
        result.append(new)
    return type(grads)(*result)


def clip_by_global_norm(grads, max_norm):
    total = 0.0
    for g in grads:
        total += norm_of(g) ** 2
    norm = math.sqrt(total)
    factor = 1.0
    if norm > max_norm:
        factor = max_norm / norm
    return type(grads)(*[factor * g for g in grads]), norm
