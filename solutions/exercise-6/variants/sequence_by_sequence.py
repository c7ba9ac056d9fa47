import numpy as np
from collections import namedtuple

RNNParams = namedtuple("RNNParams", "Wxh Whh bh")
Clipped = namedtuple("Clipped", "clipped norm")


def gradient_norms(dh_last, hs, params):
    each = []
    for n in range(dh_last.shape[1]):
        v = dh_last[:, n]
        lengths = [np.sqrt(v.dot(v))]
        for t in range(hs.shape[0] - 1, 0, -1):
            v = (v * (1 - hs[t, :, n] ** 2)).dot(params.Whh)
            lengths.append(np.sqrt(v.dot(v)))
        each.append(lengths[::-1])
    return np.linalg.norm(np.array(each), axis=0)


def spectral_radius(W):
    # eigenvalues are the roots of the characteristic polynomial
    roots = np.roots(np.poly(W))
    return np.abs(roots)[np.argmax(np.abs(roots))].item()


def gradient_bound(Whh, k):
    U, s, Vt = np.linalg.svd(Whh)
    return np.exp(k * np.log(s[0]))


def clip_by_value(grads, limit):
    return RNNParams(**{name: np.clip(g, -limit, limit) for name, g in zip(RNNParams._fields, grads)})


def clip_by_global_norm(grads, max_norm):
    squares = [float(np.sum(g * g)) for g in grads]
    norm = sum(squares) ** 0.5
    scale = 1.0 if norm <= max_norm else max_norm / norm
    return Clipped(RNNParams(*[scale * g for g in grads]), norm)
