"""What checks use of pytest: markers and ``fail``. The rest of it is pytest's own, imported if a check asks.

Importing pytest takes as long as all of NumPy, and ten megabytes of each process.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Failed(Exception):
    """A check calls ``pytest.fail``: the student's answer is wrong; the text is for the student."""


@dataclass(frozen=True)
class Mark:
    """One marker of a check, with what stands in its brackets."""

    name: str
    args: tuple[Any, ...]


class Markers:
    """Stands for ``pytest.mark``: a marked function keeps its markers in ``pytestmark``, the lowest first."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def mark(*args: Any) -> Any:
            def put(function: Any) -> Any:
                function.pytestmark = [*getattr(function, "pytestmark", ()), Mark(name, args)]
                return function

            if len(args) == 1 and isinstance(args[0], types.FunctionType):  # no brackets
                function, args = args[0], ()
                return put(function)
            return put

        return mark


def fail(reason: str = "", pytrace: bool = True) -> None:
    """Stand for ``pytest.fail``."""
    raise Failed(reason)


class StandIn(types.ModuleType):
    """What a check file imports as ``pytest``."""

    mark, fail = Markers(), staticmethod(fail)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's import asks what it is
            raise AttributeError(name)
        loading = isinstance(known := sys.modules.get("pytest"), StandIn)
        if loading:
            del sys.modules["pytest"]
        try:
            return getattr(importlib.import_module("pytest"), name)
        finally:
            if loading and known:
                sys.modules["pytest"] = known


def is_failure(error: BaseException) -> bool:
    """Whether a check has failed by ``pytest.fail``, ours or, by ``pytest.raises`` for instance, its own."""
    return isinstance(error, (Failed, getattr(sys.modules.get("_pytest.outcomes"), "Failed", Failed)))
