import numpy as np


def walk(dh, hs, Whh):
    here = [np.linalg.norm(dh)]
    if len(hs) == 1:
        return here
    return walk(Whh.T @ ((1 + hs[-1]) * (1 - hs[-1]) * dh), hs[:-1], Whh) + here


def gradient_norms(dh_last, hs, params):
    return np.array(walk(dh_last, hs, params.Whh))


def spectral_radius(W):
    return sorted(np.abs(np.linalg.eigvals(W)))[-1]


def gradient_bound(Whh, k):
    if k == 0:
        return 1.0
    return spectral_radius(Whh.T @ Whh) ** 0.5 * gradient_bound(Whh, k - 1)


def clip_by_value(grads, limit):
    return [np.where(np.abs(g) > limit, np.sign(g) * limit, g) for g in grads]


def clip_by_global_norm(grads, max_norm):
    norm = np.hypot(np.hypot(np.linalg.norm(grads[0]), np.linalg.norm(grads[1])), np.linalg.norm(grads[2]))
    return [g / max(1.0, norm / max_norm) for g in grads], norm
