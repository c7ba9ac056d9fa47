"""Chooses the questions on which a line is looked for, and asks them with other numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.checks.collection import CheckSuite, axes_of
from grader.checks.locate.comparison import NEUTRAL
from grader.checks.student import Call
from grader.sandbox.values import map_leaves, walk_arrays

INDEPENDENT = 2
MAX_QUESTIONS = 3  # that are recorded at first
MAX_GIVEN = 20_000  # numbers in a question that is recorded
FEW_STEPS = 3
TRAINED = 3  # steps of a training that are followed
LIMITED = 0.1  # times the rates and limits of a training


def telling(call: Call) -> tuple[int, ...]:
    """Order questions: first those whose arrays have several steps and columns, and few zeros and ones."""
    arrays = [array for _, array in walk_arrays(call.arguments) if array.dtype.kind == "f" and array.size > 1]
    shapes = [array.shape for _, array in walk_arrays(call.arguments)]
    plain = sum(float(np.isin(np.abs(array), NEUTRAL).mean()) > 0.5 for array in arrays)
    steps = max((shape[0] for shape in shapes if len(shape) == 3), default=FEW_STEPS)
    singles = sum(shape.count(1) for shape in shapes)
    return plain, steps < FEW_STEPS, singles, sum(array.size for array in arrays)


def jitter(value: Any, rng: np.random.Generator, blank: float = 0.0) -> Any:
    """Return a value with every real number in it somewhat larger or smaller; masks stay as they are.

    Args:
        blank: about what arrays of zeros hold afterwards.
    """

    def moved(leaf: Any) -> Any:
        array = isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
        if not (array or isinstance(leaf, float)) or np.array_equal(np.unique(leaf), (0, 1)):
            return leaf
        leaf = blank + leaf if _is_blank(leaf) else leaf
        share = np.size(leaf) and np.min(leaf) >= 0 and np.max(leaf) < 1  # which no number above 1 is
        return leaf * rng.uniform(0.8, 1.0 if share else 1.25, np.shape(leaf))

    return map_leaves(value, moved)


def _is_blank(array: Any) -> bool:
    return np.size(array) > 1 and not np.any(array)


def chosen(wrong: Sequence[Call]) -> list[Call]:
    """Return questions to be asked again, two at least, of other sizes first: equal ones agree easily."""
    asked = sorted((call for call in wrong if call.numbers <= MAX_GIVEN), key=telling)
    asked = [call for call in asked if not telling(call)[0]] or asked  # zeros hide what they are added to
    seen, first, rest = set[Any](), list[Call](), list[Call]()
    for call in asked:
        shapes = tuple(array.shape for _, array in walk_arrays(call.arguments))
        (rest if shapes in seen else first).append(call)
        seen.add(shapes)
    questions, rng = (first + rest)[:MAX_QUESTIONS], np.random.default_rng(0)
    blanks = bool(asked) and any(_is_blank(array) for _, array in walk_arrays(asked[0].arguments))
    for _ in range(INDEPENDENT if blanks else INDEPENDENT - len(questions) if asked else 0):
        moved = jitter(asked[0].arguments, rng, 0.1 * blanks)
        questions.insert(0 if blanks else len(questions), dataclasses.replace(asked[0], arguments=moved))
    return questions


def begun(suite: CheckSuite, calls: Sequence[Call]) -> list[Call]:
    """Return calls that train with their first steps only, any others as they are.

    The batches of a training lie along an axis S, or ``steps`` says how many there are. Last are trainings
    with smaller rates and limits: what is seldom reached, as a limit of gradients, is reached at once.
    """
    short, limited = list[Call](), list[Call]()
    text = "" if suite.recorded else suite.exercise.solution_text
    for call in calls:
        names = () if suite.recorded else suite.exercise.parameters[call.function]
        arguments = list(call.arguments)
        for number, (name, value) in enumerate(zip(names, arguments, strict=False)):
            if name == "steps" and type(value) is int and value > TRAINED:
                arguments[number] = TRAINED
            batches = isinstance(value, np.ndarray) and axes_of(name, text, value.ndim)[:1] == ("S",)
            if batches and len(value) > TRAINED:
                arguments[number] = value[:TRAINED]
        short.append(dataclasses.replace(call, arguments=tuple(arguments)))
        if any(one is not other for one, other in zip(arguments, call.arguments, strict=True)):
            smaller = (LIMITED * each if isinstance(each, float) else each for each in arguments)
            limited.append(dataclasses.replace(call, arguments=tuple(smaller)))
    return [*short, *limited[:INDEPENDENT]]
