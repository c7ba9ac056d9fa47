"""A frozen dataclass with shared methods behaves as one of the standard library."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from grader.course import dataclass


@dataclass(frozen=True)
class Point:
    """A point of a plane."""

    x: int
    y: int = 2
    seen: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    tags: dict[str, int] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("`x` is negative")


@dataclass(frozen=True, kw_only=True)
class Named(Point):
    """A point with a name."""

    name: str


def test_values_are_given_by_place_by_name_and_by_default() -> None:
    assert (Point(1).y, Point(1, 3).y, Point(x=1, y=4).y, Point(1).tags) == (2, 3, 4, {})
    assert Point(1).tags is not Point(1).tags
    assert (Named(1, name="a").name, Named(1, 5, name="a").y) == ("a", 5)


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, (), {}, 5), {}), ((1,), {"x": 1}), ((1,), {"z": 1})]
)
def test_what_is_missing_or_too_much_is_refused(values: Any, named: Any) -> None:
    with pytest.raises(TypeError, match="Point"):
        Point(*values, **named)


def test_nothing_can_be_changed() -> None:
    point: Any = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    with pytest.raises(ValueError, match="negative"):
        dataclasses.replace(point, x=-1)
    assert dataclasses.replace(point, x=3) == Point(3)


def test_equal_values_are_equal_and_shown() -> None:
    assert Point(1, seen=("a",)) == Point(1)
    assert Point(1) != Point(2)
    assert Point(1) != Named(1, name="a")
    assert {Point(1), Point(1, 2)} == {Point(1)}
    assert repr(Named(1, name="a")) == "Named(x=1, y=2, seen=(), name='a')"
    assert pickle.loads(pickle.dumps(Named(1, name="a"))) == Named(1, name="a")
