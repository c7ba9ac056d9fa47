import numpy as np


def gradient_norms(dh_last, hs, params):
    norms = [np.linalg.norm(dh_last)]
    dh = dh_last
    for h in hs[:0:-1]:
        dh = params.Whh.T @ (dh * (1 - h * h))
        norms.append(np.linalg.norm(dh))
    return np.array(norms[::-1])


def spectral_radius(W):
    return max(abs(np.linalg.eigvals(W)))


def gradient_bound(Whh, k):
    return np.linalg.svd(Whh, compute_uv=False)[0] ** k


def clip_by_value(grads, limit):
    return type(grads)(*[np.minimum(np.maximum(g, -limit), limit) for g in grads])


def clip_by_global_norm(grads, max_norm):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads]))
    if norm <= max_norm:
        return type(grads)(*[g.copy() for g in grads]), norm
    return type(grads)(*[g * (max_norm / norm) for g in grads]), norm
