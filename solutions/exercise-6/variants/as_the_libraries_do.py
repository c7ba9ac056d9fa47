"""With the small constant that a famous library adds to the norm before it divides."""

import numpy as np


def gradient_norms(dh_last, hs, params):
    T = len(hs) - 1
    norms = np.zeros(T + 1)
    dh = dh_last.copy()
    for t in range(T, 0, -1):
        norms[t] = np.linalg.norm(dh, ord="fro")
        dh = np.dot(params.Whh.T, dh * (1.0 - hs[t] * hs[t]))
    norms[0] = np.linalg.norm(dh, ord="fro")
    return norms


def spectral_radius(W):
    return np.max(np.absolute(np.linalg.eigvals(W)))


def gradient_bound(Whh, k):
    return np.power(np.linalg.svd(Whh, compute_uv=False).max(), k)


def clip_by_value(grads, limit):
    return tuple(np.minimum(np.maximum(g, -limit), limit) for g in grads)


def clip_by_global_norm(grads, max_norm):
    total_norm = np.linalg.norm([np.linalg.norm(g) for g in grads])
    clip_coef = max_norm / (total_norm + 1e-6)
    clip_coef = np.clip(clip_coef, None, 1.0)
    return tuple(g * clip_coef for g in grads), total_norm
