"""What a plot is made of: an exercise's plot file describes panels and curves as plain numbers."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from grader.numeric import assert_close

Whose = Literal["student", "reference"]


@dataclass(frozen=True)
class Curve:
    """One line of a panel.

    Args:
        label: what it shows; the student's curve and the reference's of the same label belong together.
        values: y, one for each x, in order; NaN and infinity are not drawn.
        whose: who computed it.
    """

    label: str
    values: tuple[float, ...]
    whose: Whose = "reference"

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(map(float, self.values)))  # an author may give an array
        if not self.values:
            raise ValueError(f"the curve `{self.label}` has no values")


@dataclass(frozen=True)
class Panel:
    """One pair of axes and what is drawn on it; the x of a curve's values are first, first + 1, ...

    Args:
        title: what the panel shows.
        x: label of the x axis.
        y: label of the y axis.
        curves: one or more, student and reference side by side.
        log: whether the y axis is logarithmic; values of 0 and below are not drawn then.
        first: x of every curve's first value.
        floor: y below which curves leave the panel, so that one that vanishes does not flatten the others.
        marks: x of things to point at.
        mark_label: what is there.
    """

    title: str
    x: str
    y: str
    curves: tuple[Curve, ...]
    log: bool = False
    first: int = 0
    floor: float | None = None
    marks: tuple[int, ...] = ()
    mark_label: str = ""

    def __post_init__(self) -> None:
        if not self.curves:
            raise ValueError(f"the panel `{self.title}` has no curves")


def compared(label: str, mine: Any, right: Any, name: str) -> tuple[Curve, Curve]:
    """Return the student's curve and the reference's, which belong together.

    Args:
        label: what both show.
        mine: what the student's function returned.
        right: (any shape) array that the reference returned; its entries are drawn in their order.
        name: what the student calls the value.

    Raises:
        CheckFailed: the student's value cannot be drawn; the text says why.
    """
    assert_drawable(mine, right, name)
    return Curve(label, tuple(np.ravel(mine)), "student"), Curve(label, tuple(np.ravel(right)))


def assert_drawable(mine: Any, right: Any, name: str) -> None:
    """Require that a student's value is like the reference's in type and shape, and finite; it may be wrong.

    Args:
        mine: what the student's function returned.
        right: what the reference returned: an array, a number, or a (named) tuple of those.
        name: what the student calls the value.

    Raises:
        CheckFailed: it is not.
    """
    assert_close(mine, right, name, rtol=0.0, atol=np.inf)
