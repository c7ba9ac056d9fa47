"""Whole matrices: the derivative of the last state by each earlier one, sequence by sequence."""

import numpy as np


def gradient_norms(dh_last, hs, params):
    T1, H, N = hs.shape
    squares = np.zeros(T1)
    for n in range(N):
        J = np.eye(H)  # d h_T / d h_t
        for t in range(T1 - 1, -1, -1):
            g = dh_last[:, n] @ J
            squares[t] += g @ g
            J = J @ (np.diag(1 - hs[t, :, n] ** 2) @ params.Whh)
    return np.sqrt(squares)


def spectral_radius(W):
    values = np.linalg.eigvals(W)
    return float(np.sqrt(values.real**2 + values.imag**2).max())


def gradient_bound(Whh, k):
    # the longest axis of the ellipse that a ball becomes
    return float(np.sqrt(np.linalg.eigvalsh(Whh.T @ Whh)[-1]) ** k)


def clip_by_value(grads, limit):
    clipped = []
    for g in grads:
        g = g.copy()
        g[g > limit] = limit
        g[g < -limit] = -limit
        clipped.append(g)
    return clipped


def clip_by_global_norm(grads, max_norm):
    long = np.concatenate([g.ravel() for g in grads])
    norm = float(np.sqrt(long @ long))
    if norm > max_norm:
        long = long * (max_norm / norm)
    pieces = np.split(long, np.cumsum([g.size for g in grads])[:-1])
    return [piece.reshape(g.shape) for piece, g in zip(pieces, grads)], norm
