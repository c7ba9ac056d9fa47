"""Plain data, as it crosses the trust boundary: trees of arrays, numbers and text, and walks over them.

Both sides use this module; it imports NumPy and the standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

RTOL = 1e-9  # two ways to compute one number differ by rounding
MAX_NAME = 80  # characters of the name of a type or of a field
TYPE_NAME = type.__dict__["__name__"]  # not type(value).__name__, which a metaclass can answer
plain_text = str.__str__
"""The text itself, of a text whose class may say something else of it."""

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Key: TypeAlias = "str | int | float | None"
Value: TypeAlias = (
    "bool | int | float | str | Array | Opaque | tuple[Value, ...] | list[Value] | dict[Key, Value] | None"
)
Path: TypeAlias = tuple[str, ...]
"""The names and indices that lead to a leaf, such as ``("0", "Whh")``."""


@dataclass(frozen=True)
class Opaque:
    """Stands in for an object that is not plain data; only the name of its type crossed."""

    type_name: str


class Named(tuple[Any, ...]):
    """A named tuple from the other side: a tuple with the name and the fields it had there."""

    type_name: str
    fields: tuple[str, ...]

    @classmethod
    def of(cls, type_name: str, fields: tuple[str, ...], values: list[Any]) -> Named:
        """Build one; ``fields`` and ``values`` have the same length."""
        named = cls(values)
        named.type_name, named.fields = type_name, fields
        return named


def type_name(value: object) -> str:
    """Return the name of a value's type, as its author would say it, at most ``MAX_NAME`` characters."""
    if isinstance(value, Opaque | Named):
        return value.type_name
    return plain_text(TYPE_NAME.__get__(type(value)))[:MAX_NAME]


def fields_of(value: object) -> tuple[str, ...] | None:
    """Return the field names of a named tuple of either kind, or None for anything else."""
    if not isinstance(value, tuple):
        return None
    if isinstance(value, Named):
        return value.fields
    fields = getattr(type(value), "_fields", None)
    if isinstance(fields, tuple) and all(isinstance(field, str) for field in fields):
        return fields
    return None


def class_of(named: Named, namespace: Mapping[str, object]) -> type[tuple[Any, ...]] | None:
    """Return the named tuple class in a module's namespace that has this name and these fields, if any.

    Fields may have other names there, such as those of an earlier edition, but not another order.
    """
    found = namespace.get(named.type_name)
    if not isinstance(found, type) or not issubclass(found, tuple):
        return None
    own, theirs = getattr(found, "_fields", ()), named.fields
    same = len(own) == len(theirs) and all(
        mine == other or not (mine in theirs or other in own) for mine, other in zip(own, theirs, strict=True)
    )
    return found if same else None


def map_leaves(
    value: Any,
    function: Callable[[Any], Any],
    rebuild: Callable[[Named], type[tuple[Any, ...]] | None] = lambda named: None,
) -> Any:
    """Return a value of the same form whose leaves are what a function makes of them.

    Args:
        value: lists, tuples, named tuples and the values of dicts are walked; all else is a leaf.
        function: is given one leaf.
        rebuild: the class that a named tuple from the other side should have here, often by
            :func:`class_of`; None leaves it as it came.
    """
    if isinstance(value, dict):
        return {key: map_leaves(item, function, rebuild) for key, item in value.items()}
    if not isinstance(value, tuple | list):
        return function(value)
    items = [map_leaves(item, function, rebuild) for item in value]
    if isinstance(value, list):
        return items
    if isinstance(value, Named):
        own = rebuild(value)
        return tuple.__new__(own, items) if own else Named.of(value.type_name, value.fields, items)
    return tuple.__new__(type(value) if fields_of(value) is not None else tuple, items)


def walk_leaves(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    """Return every leaf of a value with the names and indices that lead to it."""
    steps: Iterable[tuple[str, Any]]
    if isinstance(value, tuple | list):
        steps = zip(fields_of(value) or map(str, range(len(value))), value, strict=True)
    elif isinstance(value, dict):
        steps = ((str(key), item) for key, item in value.items())
    else:
        return [(path, value)]
    return [leaf for name, item in steps for leaf in walk_leaves(item, (*path, name))]


def walk_arrays(value: Any) -> Iterator[tuple[Path, Array]]:
    """Yield every array inside a value with the names and indices that lead to it."""
    return ((path, leaf) for path, leaf in walk_leaves(value) if isinstance(leaf, np.ndarray))


def ordered(value: tuple[Any, ...] | list[Any], names: tuple[str, ...]) -> tuple[Any, ...]:
    """Put the items of a named tuple in the order of these names, if it has the same; else leave them."""
    own = fields_of(value)
    if own and set(own) == set(names):
        by_name = dict(zip(own, value, strict=True))
        return tuple(by_name[name] for name in names)
    return tuple(value)


def is_number(value: object) -> bool:
    """Whether a value is one number; a NumPy number comes out of a worker as an array without axes."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, int | float | np.generic) and not isinstance(value, bool)


def same_value(value: Any, other: Any) -> bool:
    """Whether two values have one form and are equal up to rounding; NaN equals NaN.

    A list is no tuple and an integer no float, but a number is an array without axes, and of two named
    tuples with the same fields the order does not count.
    """
    if is_number(value) and is_number(other):
        value, other = np.asarray(value), np.asarray(other)
    if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
        return value.dtype.kind == other.dtype.kind and same_array(value, other)
    if isinstance(value, tuple | list) and isinstance(other, tuple | list):
        fields = fields_of(other)
        items = ordered(value, fields) if fields and isinstance(value, tuple) else value
        if isinstance(value, list) != isinstance(other, list) or len(items) != len(other):
            return False
        return all(same_value(item, twin) for item, twin in zip(items, other, strict=True))
    if isinstance(value, Opaque) or isinstance(other, Opaque):
        return type_name(value) == type_name(other)
    if isinstance(value, dict) and isinstance(other, dict):
        return list(value) == list(other) and all(same_value(value[key], other[key]) for key in value)
    return type(value) is type(other) and isinstance(value, bool | str | None) and bool(value == other)


def same_array(array: Array, other: Array) -> bool:
    """Whether two arrays have one shape and equal entries up to rounding; NaN equals NaN.

    Rounding is told by the entry and by the largest finite number of ``other``.
    """
    if array.shape != other.shape:
        return False
    if array.dtype.kind not in "iufc" or other.dtype.kind not in "iufc":
        return bool((array == other).all())
    with np.errstate(all="ignore"):
        other, finite = other * 1.0, np.isfinite(other)  # unsigned numbers have no differences
        sizes = np.abs(other)
        scale = float(sizes.max(initial=0.0, where=finite))
        if finite.all():
            return bool((np.abs(array - other) <= RTOL * (scale + sizes)).all())
        return np.allclose(array, other, rtol=RTOL, atol=RTOL * scale, equal_nan=True)
