"""What `grader plot exercise-1` draws: every entry twice."""

import numpy as np

from grader.plot import Panel, compared


def plot(student, reference, rng):
    """Yield one panel a function."""
    x = np.arange(1.0, 6.0)[None]  # (1, N)
    mine, right = student.double(x), reference.double(x)
    yield Panel("Twice as much", "x", "y", compared("double", mine, right, "y"), first=1)
    pair = reference.Pair(factor=np.full((1, 5), 10.0), offset=rng.standard_normal((1, 1)))
    mine, right = student.scale(x, pair), reference.scale(x, pair)
    yield Panel("Stretched", "x", "y", compared("scale", mine, right, "y"), log=True, first=1)
