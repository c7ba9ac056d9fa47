import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def gradient_norms(dh_last, hs, params):
    gradients = [dh_last]
    for h in hs[:0:-1]:
        dz = gradients[-1] * (1 - h**2)
        gradients.append(params.Whh.T @ dz)
    return np.array([np.sqrt(np.sum(g**2)) for g in gradients[::-1]])


def spectral_radius(W):
    eigenvalues, _ = np.linalg.eig(W)
    return max(abs(eigenvalues))


def gradient_bound(Whh, k):
    _, singular_values, _ = np.linalg.svd(Whh)
    return singular_values[0] ** k


def clip_by_value(grads, limit):
    dWxh, dWhh, dbh = grads
    return RNNParams(
        Wxh=np.clip(dWxh, -limit, limit),
        Whh=np.clip(dWhh, -limit, limit),
        bh=np.clip(dbh, -limit, limit),
    )


def clip_by_global_norm(grads, max_norm):
    dWxh, dWhh, dbh = grads
    norm = np.sqrt((dWxh**2).sum() + (dWhh**2).sum() + (dbh**2).sum())
    if norm <= max_norm:
        return grads, norm
    scale = max_norm / norm
    return RNNParams(dWxh * scale, dWhh * scale, dbh * scale), norm
