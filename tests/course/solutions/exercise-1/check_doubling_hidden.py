"""Hidden checks of exercise-1: other sizes, untouched arguments."""

from typing import Any

import numpy as np
import pytest

from grader.numeric import assert_close, assert_unchanged


@pytest.mark.credits(2)
@pytest.mark.lend("double")
def check_scale_other_sizes(student: Any, reference: Any, rng: np.random.Generator) -> None:
    """Single rows and single columns work as well, and nothing that is handed in is changed."""
    for rows, columns in ((1, 5), (5, 1), (2, 6)):
        pair = reference.Pair(rng.standard_normal((1, columns)), rng.standard_normal((rows, 1)))
        x = rng.standard_normal((rows, columns))
        assert_close(student.scale(x, pair), reference.scale(x, pair), "y")
        assert_unchanged(student.changed)
