from numpy import *
from numpy.linalg import eigvals, norm, svd


def gradient_norms(dh_last, hs, params):
    norms = [norm(dh_last)]
    dh = dh_last
    for h in flip(hs[1:], axis=0):
        dh = matmul(transpose(params.Whh), multiply(dh, subtract(1, square(h))))
        norms = [norm(dh)] + norms
    return array(norms)


def spectral_radius(W):
    return amax(absolute(eigvals(W)))


def gradient_bound(Whh, k):
    return prod([max(svd(Whh, compute_uv=False))] * k)


def clip_by_value(grads, limit):
    return tuple(clip(g, a_min=-limit, a_max=limit) for g in grads)


def clip_by_global_norm(grads, max_norm):
    total = sqrt(sum([sum(square(g)) for g in grads]))
    scale = where(total > max_norm, max_norm / where(total > 0, total, 1), 1.0)
    return tuple(multiply(g, scale) for g in grads), total
