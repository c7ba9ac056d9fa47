"""Trees of plain data: walking them, rebuilding them, and when two are the same."""

from __future__ import annotations

import collections
import types
from typing import Any, NamedTuple

import numpy as np
import pytest

from grader.sandbox.values import (
    Named,
    Opaque,
    class_of,
    fields_of,
    is_number,
    map_leaves,
    ordered,
    same_array,
    same_value,
    type_name,
    walk_arrays,
    walk_leaves,
)


class Point(NamedTuple):
    """A named tuple like those of the exercises."""

    x: Any
    y: Any


FAR = Named.of("Point", ("x", "y"), [1, 2])
"""A point as it comes from the other side."""


# --- walks --------------------------------------------------------------------------------------------


def test_arrays_are_named_by_the_way_to_them() -> None:
    value = (Point(np.zeros(1), [np.zeros(2)]), {"k": np.zeros(3)}, 5)
    assert [".".join(path) for path, _ in walk_arrays(value)] == ["0.x", "0.y.0", "1.k"]


def test_all_leaves_are_named_by_the_way_to_them() -> None:
    value: tuple[Any, ...] = (FAR, {"k": "text", 3: None}, [])
    found = [(".".join(path), leaf) for path, leaf in walk_leaves(value)]
    assert found == [("0.x", 1), ("0.y", 2), ("1.k", "text"), ("1.3", None)]
    assert list(walk_leaves(7)) == [((), 7)]


def test_every_leaf_is_mapped_and_the_form_is_kept() -> None:
    value: dict[str, Any] = {"a": [1, (2, Point(3, 4))], "b": FAR}
    mapped = map_leaves(value, lambda leaf: 10 * leaf)
    assert mapped == {"a": [10, (20, Point(30, 40))], "b": (10, 20)}
    assert type(mapped["a"][1][1]) is Point
    assert isinstance(mapped["b"], Named)
    assert (mapped["b"].type_name, mapped["b"].fields) == ("Point", ("x", "y"))
    assert value["b"] is FAR
    assert FAR == (1, 2)


def test_an_array_is_a_leaf_and_a_key_is_none() -> None:
    array = np.arange(3)
    assert map_leaves(array, lambda leaf: leaf is array)
    assert map_leaves({1: 2}, lambda leaf: -leaf) == {1: -2}


def test_a_named_tuple_from_the_other_side_gets_its_own_class() -> None:
    module = types.ModuleType("m")
    module.Point = Point  # type: ignore[attr-defined]
    rebuilt = map_leaves([(FAR,)], lambda leaf: leaf, lambda named: class_of(named, vars(module)))
    assert rebuilt == [(Point(1, 2),)]
    assert type(rebuilt[0][0]) is Point


@pytest.mark.parametrize("found", [None, 5, int, dict, NamedTuple("Point", [("x", int)]), tuple])
def test_a_class_that_does_not_fit_is_not_taken(found: object) -> None:
    assert class_of(FAR, {"Point": found}) is None
    assert class_of(FAR, {}) is None


@pytest.mark.parametrize(("fields", "taken"), [("x u", True), ("a b", True), ("y x", False), ("u x", False)])
def test_a_field_may_have_another_name_but_no_other_place(fields: str, taken: bool) -> None:
    found = collections.namedtuple("Point", fields.split())  # type: ignore[misc]  # of another edition
    assert class_of(FAR, {"Point": found}) is (found if taken else None)


def test_names_of_fields_and_types() -> None:
    assert fields_of(FAR) == fields_of(Point(1, 2)) == ("x", "y")
    assert fields_of((1, 2)) is None
    assert fields_of([1, 2]) is None
    assert type_name(FAR) == "Point"
    assert type_name(Opaque("generator")) == "generator"
    assert type_name(1.5) == "float"
    assert len(type_name(type("x" * 200, (), {})())) == 80


def test_items_are_put_in_the_order_of_the_names() -> None:
    assert ordered(Point(1, 2), ("y", "x")) == (2, 1)
    assert ordered(FAR, ("y", "x")) == (2, 1)
    assert ordered(Point(1, 2), ("y", "z")) == (1, 2)
    assert ordered([1, 2], ("y", "x")) == (1, 2)


# --- sameness -----------------------------------------------------------------------------------------

NAN = float("nan")
SAME: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    ("a", "a"),
    (3, 3),
    (2**200, 2**200),
    (1.0, 1.0 + 1e-12),
    (NAN, NAN),
    (np.float64(2), 2.0),
    (np.array(2.0), 2.0),
    (np.array([1.0, NAN, np.inf]), np.array([1.0 + 1e-12, NAN, np.inf])),
    (np.array([1e6, 0.0]), np.array([1e6, 1e-5])),  # next to a large number, a small one may round
    (np.array([1j]), np.array([1j])),
    (np.array([True, False]), np.array([True, False])),
    (np.zeros((0, 3)), np.zeros((0, 3))),
    ((1, [2.0]), (1, [2.0])),
    (FAR, Point(1, 2)),
    (Named.of("Point", ("y", "x"), [2, 1]), Point(1, 2)),
    ({"a": np.ones(2)}, {"a": np.ones(2)}),
    (Opaque("set"), Opaque("set")),
    ((), ()),
]
DIFFERENT: list[tuple[Any, Any]] = [
    (None, 0),
    (True, 1),
    (1, True),
    ("1", 1),
    (1, 1.0),
    (1.0, 1.001),
    (NAN, 1.0),
    (np.inf, 1.0),
    (np.inf, -np.inf),
    (np.array([1.0]), 1.0),
    (np.array([1, 2]), np.array([1.0, 2.0])),
    (np.zeros((3, 1)), np.zeros((3, 3))),
    (np.zeros(3), np.zeros((3, 1))),
    (np.array([True]), np.array([False])),
    (np.array([1.0]), [1.0]),
    ((1, 2), [1, 2]),
    ((1, 2), (1, 2, 3)),
    (Point(1, 2), Point(2, 1)),
    ({"a": 1}, {"b": 1}),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a": 1}, {"a": 2}),
    (Opaque("set"), Opaque("generator")),
    (Opaque("set"), None),
]


@pytest.mark.parametrize(("value", "other"), SAME)
def test_what_is_the_same(value: Any, other: Any) -> None:
    assert same_value(value, other)
    assert same_value([{"k": (value,)}], [{"k": (other,)}])


@pytest.mark.parametrize(("value", "other"), DIFFERENT)
def test_what_is_not_the_same(value: Any, other: Any) -> None:
    assert not same_value(value, other)
    assert not same_value(other, value)
    assert not same_value([{"k": (value,)}], [{"k": (other,)}])


def test_rounding_is_told_from_another_number() -> None:
    assert same_value((1.0, [np.ones(2)]), (1 + 1e-9, [(1 + 1e-9) * np.ones(2)]))
    assert not same_value((1.0,), (1 + 1e-8,))


def test_arrays_of_two_kinds_of_numbers_may_be_the_same() -> None:
    assert same_array(np.array([1, 2]), np.array([1.0, 2.0]))
    assert not same_array(np.array([1, 2]), np.array([1.0, 2.1]))
    assert not same_array(np.zeros((3, 1)), np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((number, True) for number in (1, 1.5, np.int8(1), np.array(1.5))),
        *((other, False) for other in (True, "1", None, np.ones(1), (1,))),
    ],
)
def test_what_is_a_number(value: object, number: bool) -> None:
    assert is_number(value) is number
