import numpy as np
from typing import NamedTuple


class RNNParams(NamedTuple):
    Wxh: np.ndarray
    Whh: np.ndarray
    bh: np.ndarray


def gradient_norms(g, states, p):
    # all gradients first, then all norms at once
    all_g = np.empty(states.shape)
    all_g[-1] = g
    slope = 1 - np.square(states)
    for t in range(states.shape[0] - 2, -1, -1):
        all_g[t] = np.einsum("ij,in,in->jn", p.Whh, slope[t + 1], all_g[t + 1])
    return np.sqrt(np.einsum("thn,thn->t", all_g, all_g))


def spectral_radius(M):
    values = np.linalg.eigvals(M)
    return np.sqrt((values * values.conj()).real.max())


def gradient_bound(M, steps):
    return np.linalg.cond(M) ** steps * np.linalg.norm(M, -2) ** steps  # largest = condition times smallest


def clip_by_value(g, c):
    return RNNParams(*map(lambda one: one.clip(-c, c), g))


def clip_by_global_norm(g, c):
    size = np.sqrt(np.sum([np.einsum("ij,ij->", one, one) for one in g]))
    return RNNParams(*(c * one / max(size, c) for one in g)), size
