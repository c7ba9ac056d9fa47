"""What `grader plot exercise-16` draws: how much of a gradient is missing, by the steps that are kept."""

import numpy as np

from grader.plot import Panel, compared

T, H, D = 50, 16, 3
SCALES = (0.5, 0.25, 0.1)


def plot(student, reference, rng):
    """Yield one panel: the missing share of dWhh, for weights of three sizes."""
    dh_last, xs, curves = rng.standard_normal((H, 1)), rng.standard_normal((T, D, 1)), []
    drawn = [rng.standard_normal(shape) for shape in ((H, D), (H, H))]
    for scale in SCALES:
        params = reference.RNNParams(*(scale * one for one in drawn), np.zeros((H, 1)))
        states = [np.zeros((H, 1))]
        for x in xs:
            states.append(np.tanh(params.Wxh @ x + params.Whh @ states[-1]))
        hs = np.array(states)
        mine = student.missing_share(student.lag_gradients(dh_last, hs, params))
        right = reference.missing_share(reference.lag_gradients(dh_last, hs, params))
        curves += compared(f"weights {scale:g} randn", mine, right, "shares")
    title = "How much of dWhh is missing"
    yield Panel(title, "steps kept", "missing share", tuple(curves), log=True, first=1, floor=1e-6)
