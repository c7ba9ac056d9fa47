"""Remembers what the course's own functions answer: a class asks them the same for every submission."""

import copy
import functools
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader import numeric
from grader.sandbox.values import walk_arrays

JUDGES = (numeric.complex_step_gradient, numeric.numerical_gradient)
MAX_QUESTIONS, MAX_BYTES = 4096, 8 * 2**20  # that are remembered, and of arrays in their answers
SCALARS = (type(None), bool, int, float, complex, str, np.generic)


@dataclass
class Memory:
    """What was asked of functions of the course, and answered.

    A question is all that a function is given, to the bit, and all that a function among it closes over. One
    that holds anything but plain data, such as a generator of random numbers, is asked anew, and so is a
    function that changes what it is given.
    """

    _answers: dict[Any, Any] = field(default_factory=dict)
    _bytes: int = 0

    def remembering(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that answers as this one does, each time with arrays of its own."""

        @functools.wraps(function)
        def ask(*arguments: Any, **named: Any) -> Any:
            question = function, form_of((arguments, named))
            if question[1] is None:
                return function(*arguments, **named)
            if question not in self._answers:
                answer = function(*arguments, **named)
                form, unchanged = form_of(answer), question[1] == form_of((arguments, named))
                size = sum(array.nbytes for _, array in walk_arrays(answer))
                full = len(self._answers) >= MAX_QUESTIONS or self._bytes + size > MAX_BYTES
                kept = answer if form is None else copy.deepcopy(answer)
                if form is None or form != form_of(kept) or not unchanged or full:
                    return answer
                self._bytes += size
                self._answers[question] = kept
            return copy.deepcopy(self._answers[question])

        return ask


def form_of(value: Any) -> Any:
    """Return what tells a value from all others and can be looked up; None if it is not plain data."""
    try:
        return _exact(value)
    except (TypeError, ValueError, RecursionError):
        return None


def _exact(value: Any) -> Any:
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value.dtype.str, value.shape, value.strides, value.tobytes()
    if isinstance(value, SCALARS):
        return type(value), repr(value)  # 0.0 equals -0.0 and 1, but is another question
    if isinstance(value, tuple | list):
        return type(value), *map(_exact, value)
    if isinstance(value, dict):
        return dict, *((key, _exact(item)) for key, item in value.items())
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        bound = _exact((cells, value.__defaults__, value.__kwdefaults__))
        return value.__code__, id(value.__globals__), bound
    if isinstance(value, types.ModuleType | types.SimpleNamespace):
        return id(value)
    raise TypeError(f"{value!r} is no plain data")
