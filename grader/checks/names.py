"""What a solution's documentation says of arrays: what their axes count, and what results are called."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.course import Exercise
from grader.sandbox.values import Array, is_number, walk_leaves


def axes_of(name: str, exercise: Exercise, dimensions: int) -> tuple[str, ...]:
    """Return what the axes of an array count: T, H and N; empty if nothing is said.

    Args:
        name: of the array; a gradient has the axes of what it differentiates.
        dimensions: how many axes it has.
    """
    text = exercise.solution_path.read_text(encoding="utf-8")
    for known in (name, name.removeprefix("d")):
        found = re.search(rf"\b{re.escape(known)}: (?:np\.ndarray  # )?\(([^()]*)\)", text)
        axes = tuple(axis.strip() for axis in found[1].split(",") if axis.strip()) if found else ()
        if len(axes) == dimensions:
            return axes
    return ()


def named_results(value: Any, reference: Any, function: str) -> dict[str, Array]:
    """Return every array or number that a function returned, by its name such as ``dparams.Wxh``.

    Args:
        value: what it returned.
        reference: the solution's module; names stand under ``Returns:`` in the function's docstring.
    """
    text = (getattr(reference, function).__doc__ or "").partition("Returns:\n")[2]
    indent = " " * 8
    lines = itertools.takewhile(lambda line: line.startswith(indent) or not line.strip(), text.split("\n"))
    heads = (line.strip().partition(":")[0] for line in lines if line.startswith(indent))
    names = [head for head in heads if head.isidentifier()]
    results = {}
    for path, array in result_arrays(value):
        name = names[0] if names else "the result"
        if path:
            first = int(path[0]) if path[0].isdecimal() else len(names)
            name = ".".join((names[first] if first < len(names) else path[0], *path[1:]))
        results[name] = array
    return results


def result_arrays(value: Any) -> Iterator[tuple[tuple[str, ...], Array]]:
    """Yield every array or number that a function returned, as an array, with what leads to it."""
    for path, leaf in walk_leaves(value):
        if is_number(leaf):
            yield path, np.asarray(float(leaf))
        elif isinstance(leaf, np.ndarray):
            yield path, leaf
