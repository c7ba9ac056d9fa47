"""Says first what cannot be: results outside the ranges that the course gives, whatever is right."""

import contextlib
import functools
import io
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.checks.collection import CheckSuite, load_suite, named_results, sizes_of
from grader.course import Exercise

ROUNDING = 1e-6


def impossible(
    suite: CheckSuite, function: str, arguments: Any, value: Any
) -> Iterator[tuple[str, str, str]]:
    """Yield what is outside its range, such as ``hs[1:]``, which number it holds, and the course's reason."""
    exercise, results = suite.exercise, dict[str, Any](inf=np.inf)
    for name, array in named_results(value, suite.reference, function).items():
        head, dot, field = name.removeprefix("the ").partition(".")
        results.setdefault(head, types.SimpleNamespace() if dot else array)
        if dot:
            vars(results[head])[field] = array
    given = dict(zip(exercise.parameters[function], arguments, strict=False))
    known = given | sizes_of(exercise, function, arguments) | results
    for rule, says in exercise.ranges.get(function, {}).items():
        least, what, most = (part.strip() for part in f"{rule} <= inf".split("<=")[:3])
        low, found, high = (np.asarray(eval(part, known)) for part in (least, what, most))
        for number in found[(found < low - ROUNDING) | (found > high + ROUNDING)][:1]:
            yield what, f"{'holds' if found.ndim else 'is'} {number:.6g}", says


def range_faults(exercise: Exercise, seed: int) -> list[str]:
    """Say where the solution itself is outside an exercise's ranges, or one cannot be read."""
    suite, faults = load_suite(exercise, seed), dict[str, None]()

    def ask(function: str, *arguments: Any, **named: Any) -> Any:
        value = getattr(suite.reference, function)(*arguments, **named)
        given = *arguments, *(named[name] for name in exercise.parameters[function] if name in named)
        try:
            for what, number, _ in impossible(suite, function, given, value):
                faults[f"`{what}` {number} in the solution; widen its range under `{function}`"] = None
        except Exception as error:
            faults[f"a range under `{function}` cannot be read: {error}"] = None
        return value

    solution = types.SimpleNamespace(changed=())
    vars(solution).update({name: functools.partial(ask, name) for name in exercise.parameters})
    with contextlib.redirect_stdout(io.StringIO()):
        for check in suite.checks if exercise.ranges else ():
            suite.call(check, solution)
    return [
        *faults,
        *(f"`{name}` is no function here" for name in {*exercise.ranges} - {*exercise.parameters}),
    ]
