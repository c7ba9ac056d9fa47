"""Says first what cannot be: results outside the ranges that the course gives, whatever is right."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import re
import types
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from grader.checks.collection import CheckSuite, axes_of, load_suite, named_results, sizes_of
from grader.checks.student import CheckRun
from grader.course import Exercise, Range
from grader.sandbox.values import is_number

ROUNDING = 1e-6
BOUND = re.compile(r"(-?)([\w.]+)( - 1)?")  # such as 0.5, V - 1 or -limit


def tell_impossible(suite: CheckSuite, run: CheckRun) -> None:
    """Begin the messages of failed checks with what cannot be; of hidden ones' answers no number is told."""
    for name, outcome in run.outcomes.items():
        calls = [call for call in run.calls if call.check == name and outcome.status == "failed"]
        found = (
            each
            for call in calls
            for each in impossible(suite, call.function, call.arguments, call.answer.value)
        )
        for what, number, says in itertools.islice(found, 1):
            gist = f"{what} is not possible: {says}. {outcome.gist}".strip()
            run.change(name, message=f"{what} {number}: {says}.\n{outcome.message}", gist=gist)


def impossible(
    suite: CheckSuite, function: str, arguments: tuple[Any, ...], value: Any
) -> Iterator[tuple[str, str, str]]:
    """Yield what of a result is outside its range: what it is called, the number, and the course's reason.

    Raises:
        ValueError: a bound names neither a size nor an argument.
    """
    exercise = suite.exercise
    rules = exercise.ranges.get(function, ())
    results = named_results(value, suite.reference, function) if rules and value is not None else {}
    known: dict[str, float] = {**sizes_of(exercise, function, arguments)}
    given = zip(exercise.parameters[function], arguments, strict=False)
    known |= {name: float(each) for name, each in given if is_number(each)}
    for name, array in results.items():
        what = f"`{name}`" if name.isidentifier() or "." in name else f"what `{function}` returns"
        axes = axes_of(name, exercise, array.ndim)
        shaped = array.ndim and array.shape == tuple(known.get(axis, axis) for axis in axes)
        for rule in (rule for rule in rules if covers(rule, name) and array.dtype.kind in "iuf"):
            part = array[1:] if rule.after_first else array
            least, most = _bound(rule.least or "-inf", known), _bound(rule.most or "inf", known)
            for number in part[(part < least - ROUNDING) | (part > most + ROUNDING)][:1]:
                yield what, f"holds {number:.6g}" if array.ndim else f"is {number:.6g}", rule.says
            sums = np.ravel(array.sum(axis=0)) if rule.total and shaped else np.zeros(0)
            for number in sums[np.abs(sums - _bound(rule.total or "0", known)) > ROUNDING][:1]:
                yield what, f"has a column that adds up to {number:.6g}", rule.says


def range_faults(exercise: Exercise, seed: int) -> list[str]:
    """Say what is wrong with an exercise's ranges: the solution is outside, or one is of nothing."""
    unused = [(function, rule) for function, rules in exercise.ranges.items() for rule in rules]
    if not unused:
        return []
    suite, faults = load_suite(exercise, seed), dict[str, None]()

    def ask(function: str, *arguments: Any, **named: Any) -> Any:
        value = getattr(suite.reference, function)(*arguments, **named)
        given = *arguments, *(named[name] for name in exercise.parameters[function] if name in named)
        try:
            for what, number, _ in impossible(suite, function, given, value):
                faults[f"{what} of the solution {number}; widen its range under `{function}`"] = None
        except ValueError as error:
            faults[f"{error} (`{function}`)"] = None
        names = named_results(value, suite.reference, function)
        unused[:] = [
            (of, rule)
            for of, rule in unused
            if of != function or not any(covers(rule, name) for name in names)
        ]
        return value

    solution = types.SimpleNamespace(changed=())
    vars(solution).update({name: functools.partial(ask, name) for name in exercise.parameters})
    with contextlib.redirect_stdout(io.StringIO()):
        for check in suite.checks:
            suite.call(check, solution)
    return [*faults, *(f"no result of `{of}` is called `{rule.of[0]}`" for of, rule in unused)]


def covers(rule: Range, name: str) -> bool:
    """Whether a rule speaks of a result."""
    return any(fnmatchcase(name, pattern) for pattern in rule.of)


def _bound(text: str, known: Mapping[str, float]) -> float:
    found = BOUND.fullmatch(text)
    if not found:
        raise ValueError(f"`{text}` is no bound: write a number, or a size such as V - 1")
    sign, name, less = found.groups()
    value = known[name] if name in known else float(name)
    return (-value if sign else value) - bool(less)
