from copy import deepcopy

import numpy as np


def gradient_norms(dh_last, hs, params):
    dh = dh_last.copy()
    slopes = hs.copy()
    slopes **= 2
    slopes *= -1
    slopes += 1
    norms = np.empty(len(hs))
    norms[-1] = np.linalg.norm(dh)
    for t in range(2, len(hs) + 1):
        dh *= slopes[1 - t]
        dh[...] = params.Whh.T @ dh
        norms[-t] = np.linalg.norm(dh)
    return norms


def spectral_radius(W):
    values = np.linalg.eigvals(W)
    np.absolute(values, out=values)
    return values.real.max()


def gradient_bound(Whh, k):
    s = np.linalg.svd(Whh)[1]
    s **= k
    return s.max()


def clip_by_value(grads, limit):
    grads = deepcopy(grads)
    for g in grads:
        np.clip(g, -limit, limit, out=g)
    return grads


def clip_by_global_norm(grads, max_norm):
    grads = deepcopy(grads)
    norm = np.sqrt(sum(np.vdot(g, g) for g in grads))
    if norm > max_norm:
        for g in grads:
            g *= max_norm
            g /= norm
    return grads, norm
