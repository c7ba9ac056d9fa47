"""Visible checks of exercise-1. A check's first sentence is what the grader shows."""

import pytest

from grader.numeric import assert_close, assert_unchanged

M, N = 4, 3


def draw(rng, reference, M=M, N=N):
    """Draw an array, factors and offsets of order 1, all of different sizes."""
    pair = reference.Pair(factor=rng.standard_normal((1, N)), offset=rng.standard_normal((M, 1)))
    return rng.standard_normal((M, N)), pair


@pytest.mark.credits(2)
def check_double_values(student, reference, rng):
    """Every entry is taken twice."""
    x, _ = draw(rng, reference)
    assert_close(student.double(x), reference.double(x), "y")


@pytest.mark.credits(1)
@pytest.mark.depends_on("check_double_values")
def check_double_leaves_arguments_alone(student, reference, rng):
    """x is not changed, and a second call gives the same answer."""
    x, _ = draw(rng, reference)
    student.double(x)
    assert_unchanged(student.changed)
    assert_close(student.double(x), reference.double(x), "y of a second call")


@pytest.mark.credits(2)
@pytest.mark.lend("double")
def check_scale_values(student, reference, rng):
    """The doubled array is stretched and shifted."""
    x, pair = draw(rng, reference)
    assert_close(student.scale(x, pair), reference.scale(x, pair), "y")
