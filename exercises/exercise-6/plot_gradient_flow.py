"""What `grader plot exercise-6` draws: gradients on their way back, a bound, and what clipping turns."""

import numpy as np

from grader.numeric import unpack
from grader.plot import Curve, Panel, assert_drawable, compared

T, H, D, N = 50, 16, 3, 8
SCALES = (0.5, 0.25, 0.01)
SHEAR = np.array([[0.5, 10.0], [0.0, 0.5]])
KS = range(13)
LIMIT, DOUBLINGS = 1.0, 8


def plot(student, reference, rng):
    """Yield three panels: norms through time, radius and bound of one matrix, directions after clipping."""
    yield norms(student, reference, rng)
    yield powers(student, reference)
    yield directions(student, reference, rng)


def norms(student, reference, rng):
    """Send one gradient of length 1 back through networks with weights of three sizes."""
    dh_last, xs, curves = rng.standard_normal((H, N)), rng.standard_normal((T, D, N)), []
    dh_last /= np.linalg.norm(dh_last)
    drawn = [rng.standard_normal(shape) for shape in ((H, D), (H, H))]
    for scale in SCALES:
        params = reference.RNNParams(*(scale * one for one in drawn), np.zeros((H, 1)))
        hs = np.zeros((1 + T, H, N))
        for t in range(T):
            hs[t + 1] = np.tanh(params.Wxh @ xs[t] + params.Whh @ hs[t])
        arguments = (dh_last, hs, params)
        mine, right = student.gradient_norms(*arguments), reference.gradient_norms(*arguments)
        curves += compared(f"weights {scale:g} randn", mine, right, "norms")
    title = f"A gradient on its way back from t = {T}"
    return Panel(title, "t", "norm", tuple(curves), log=True, floor=1e-16)


def powers(student, reference):
    """Compare what the radius suggests, what the bound allows, and what the powers of a matrix do."""
    radius, right_radius = student.spectral_radius(SHEAR), reference.spectral_radius(SHEAR)
    assert_drawable(radius, right_radius, "the radius")
    bounds = [student.gradient_bound(SHEAR, k) for k in KS]
    right_bounds = [reference.gradient_bound(SHEAR, k) for k in KS]
    for mine, right in zip(bounds, right_bounds, strict=True):
        assert_drawable(mine, right, "the bound")
    true = [np.linalg.norm(np.linalg.matrix_power(SHEAR, k), 2) for k in KS]
    suggested = [np.asarray(one, dtype=float) ** np.array(KS) for one in (radius, right_radius)]
    curves = (
        *compared("bound", np.array(bounds), np.array(right_bounds), "the bound"),
        *compared("spectral radius to the k", *suggested, "the radius to the k"),
        Curve("norm of W to the k", tuple(true)),
    )
    return Panel("W = [[0.5, 10], [0, 0.5]], k steps back", "k", "factor", curves, log=True, floor=1e-6)


def directions(student, reference, rng):
    """Make gradients longer and longer, clip them both ways, and measure by how many degrees they turn."""
    drawn = [rng.standard_normal(shape) for shape in ((H, D), (H, H), (H, 1))]
    by_value, by_norm = ([], []), ([], [])
    for length in 2.0 ** np.arange(DOUBLINGS):
        grads = reference.RNNParams(*(length / np.linalg.norm(flat(drawn)) * one for one in drawn))
        clipped, right = student.clip_by_value(grads, LIMIT), reference.clip_by_value(grads, LIMIT)
        note(by_value, clipped, right, grads)
        clipped, _ = unpack(student.clip_by_global_norm(grads, LIMIT), "clipped", "norm")
        note(by_norm, clipped, reference.clip_by_global_norm(grads, LIMIT)[0], grads)
    curves = (
        *compared("by value", *map(np.array, by_value), "the angle"),
        *compared("by global norm", *map(np.array, by_norm), "the angle"),
    )
    return Panel("Gradients of length 1, 2, 4, ..., clipped", "times doubled", "degrees turned", curves)


def note(angles, clipped, right, grads):
    """Append by how many degrees the student's clipping turned the gradients, and the reference's."""
    assert_drawable(clipped, right, "clipped")
    angles[0].append(angle(clipped, grads))
    angles[1].append(angle(right, grads))


def angle(clipped, grads):
    """Return the angle between two sets of gradients, each taken as one long vector, in degrees."""
    one, other = flat(clipped), flat(grads)
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    if 0 in lengths:
        return 90.0
    apart = np.linalg.norm(one / lengths[0] - other / lengths[1])
    return round(float(np.degrees(2 * np.arcsin(min(1.0, apart / 2)))), 6)


def flat(arrays):
    """Return the entries of several arrays as one long vector."""
    return np.concatenate([np.ravel(one) for one in arrays])
