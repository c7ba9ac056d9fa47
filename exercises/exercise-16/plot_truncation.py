"""What `grader plot exercise-16` draws: the parts of a gradient by lag, and what is missing without them."""

import numpy as np

from grader.plot import Panel, assert_drawable, compared

T, H, D = 50, 16, 3
SCALES = (0.5, 0.25, 0.1)


def plot(student, reference, rng):
    """Yield two panels, for weights of three sizes: how long each part is, and the missing share of dWhh."""
    dh_last, xs = rng.standard_normal((H, 1)), rng.standard_normal((T, D, 1))
    drawn = [rng.standard_normal(shape) for shape in ((H, D), (H, H))]
    gone_back, lengths = [], []
    for scale in SCALES:
        params = reference.RNNParams(*(scale * one for one in drawn), np.zeros((H, 1)))
        states = [np.zeros((H, 1))]
        for x in xs:
            states.append(np.tanh(params.Wxh @ x + params.Whh @ states[-1]))
        arguments = (dh_last, np.array(states), params)
        mine, right = student.lag_gradients(*arguments), reference.lag_gradients(*arguments)
        assert_drawable(mine, right, "parts")
        lengths += compared(f"weights {scale:g} randn", *map(long, (mine, right)), "parts")
        gone_back.append(right)
    yield Panel("What each lag contributes", "lag", "norm of its part", tuple(lengths), log=True, floor=1e-6)
    shares = []
    for scale, parts in zip(SCALES, gone_back, strict=True):
        both = student.missing_share(parts), reference.missing_share(parts)
        shares += compared(f"weights {scale:g} randn", *both, "shares")
    title = "How much of dWhh is missing"
    yield Panel(title, "steps kept", "missing share", tuple(shares), log=True, first=1, floor=1e-6)


def long(parts):
    """Return how long each part is, taken as one vector."""
    return np.array([np.sqrt(np.square(part).sum()) for part in parts])
