"""``dataclass(frozen=True)`` whose methods are shared: Python would write and compile five for each class.

That takes 0.4 ms a class, of which a command needs sixty before it says a word.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(kind: Any = None, /, *, frozen: bool, kw_only: bool = False) -> Any:
        """Make a class a frozen dataclass, as the function of this name in the standard library does."""
        if kind is None:
            return lambda kind: dataclass(kind, frozen=frozen, kw_only=kw_only)
        for name in ("__init__", "__setattr__", "__delattr__", "__eq__", "__hash__", "__repr__"):
            if name not in vars(kind) or vars(kind)[name] is None:  # a class's own method stays
                setattr(kind, name, vars(_Shared)[name])
        made = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(kind)
        made._given = [field for field in dataclasses.fields(made) if field.init]
        made._placed = [field.name for field in made._given if not field.kw_only]
        made._derived = [(one.name, one.metadata["by"]) for one in dataclasses.fields(made) if one.metadata]
        made._key = attrgetter("__class__", *(one.name for one in dataclasses.fields(made) if one.compare))
        return made


def derived(by: Callable[[Any], Any] | None = None) -> Any:
    """Return a field that is worked out of those above it: by a function, or by ``__post_init__``."""
    return dataclasses.field(init=False, repr=False, compare=False, metadata={"by": by} if by else None)


class _Shared:
    """The methods of every frozen dataclass."""

    def __init__(self: Any, *values: Any, **named: Any) -> None:
        given = dict(zip(self._placed, values, strict=False))
        if len(given) < len(values) or given.keys() & named.keys():
            raise TypeError(f"{type(self).__name__} is given a value that it has no field for")
        given |= named
        for field in self._given:
            if field.name in given:
                self.__dict__[field.name] = given.pop(field.name)
            elif field.default is not dataclasses.MISSING:
                self.__dict__[field.name] = field.default
            elif field.default_factory is not dataclasses.MISSING:
                self.__dict__[field.name] = field.default_factory()
            else:
                raise TypeError(f"{type(self).__name__} is given no `{field.name}`")
        if given:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(map(repr, given))}")
        for name, by in self._derived:
            self.__dict__[name] = by(self)
        if check := getattr(self, "__post_init__", None):
            check()

    def __setattr__(self, name: str, value: Any = None) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}, nor delete it")

    __delattr__ = __setattr__

    def __eq__(self: Any, other: Any) -> bool:
        return self._key(self) == self._key(other) if type(self) is type(other) else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(self._key(self))

    def __repr__(self: Any) -> str:
        fields = dataclasses.fields(self)
        shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields if field.repr)
        return f"{type(self).__qualname__}({shown})"
