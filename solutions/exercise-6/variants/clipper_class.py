import numpy as np
from functools import reduce


class Gradients:
    def __init__(self, arrays):
        self.arrays = tuple(arrays)

    @property
    def norm(self):
        return reduce(np.hypot, [np.linalg.norm(one.ravel()) for one in self.arrays], 0.0)

    def map(self, function):
        return Gradients(function(one) for one in self.arrays)

    def __mul__(self, factor):
        return self.map(lambda one: one * factor)


class Flow:
    """The same walk for all sequences, one flat vector for each."""

    def __init__(self, Whh):
        self.Whh = Whh

    def back(self, dh, h):
        return ((dh - dh * h * h).T @ self.Whh).T


def gradient_norms(dh_last, hs, params):
    flow = Flow(params.Whh)
    dhs = [dh_last]
    for h in reversed(hs[1:]):
        dhs.insert(0, flow.back(dhs[0], h))
    return np.linalg.norm(np.asfortranarray(dhs).reshape(len(hs), -1), axis=1)


def spectral_radius(W):
    return float(max(abs(value) for value in np.linalg.eigvals(W).tolist()))


def gradient_bound(Whh, k):
    return float(np.linalg.norm(Whh.T, 2)) ** k


def clip_by_value(grads, limit):
    return Gradients(grads).map(lambda one: np.clip(one / limit, -1, 1) * limit).arrays


def clip_by_global_norm(grads, max_norm):
    all_of_them = Gradients(grads)
    norm = all_of_them.norm
    factor = min(1.0, max_norm / norm) if norm else 1.0
    return (all_of_them * factor).arrays, norm
