"""Finds where a computation goes wrong: the first value that is made of right ones and is not right itself.

A number is right if the solution has it, too, on the way to its answer to the same question, wherever and in
whatever sign: so transposed, stacked and sliced arrays are right like their numbers. A number that is not
right does no harm if arithmetic makes a right value of it: that is another style.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from grader.checks.locate.trace import COMPUTED, Event, Trace, Work
from grader.sandbox.values import Array

RTOL, ROUNDED, SINGLE = 1e-9, 3e-7, 1e-5  # of float64; of numbers known to fewer digits, computed in fewer
SMALL = 1e-3  # numbers below it are compared as if they were of this size
NEUTRAL = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0])  # that say nothing about where they come from
STEPS = 6  # of arithmetic, after which a value that is not right may be right again
SUMS = ("Add", "Sub")
ARITHMETIC = ("operation", "after", "attribute", "call")
MAX_CLIMB = 4


class Numbers:
    """The numbers that are right, in order."""

    def __init__(self, arrays: Iterable[Array], rtol: float = RTOL) -> None:
        self._rtol = rtol
        every = np.concatenate([*(array.ravel() for array in arrays), NEUTRAL, -NEUTRAL])
        self._sorted = np.unique(every[np.isfinite(every)])

    def has(self, numbers: Array) -> Array:
        """Return which of some numbers are among them."""
        after = np.searchsorted(self._sorted, numbers)
        found = np.zeros(numbers.shape, bool)
        for index in (after, after - 1):
            near = self._sorted[np.clip(index, 0, len(self._sorted) - 1)]
            found |= np.abs(near - numbers) <= self._rtol * np.maximum(np.abs(numbers), SMALL)
        return found


def is_neutral(array: Array) -> bool:
    """Whether an array holds only such numbers as occur everywhere."""
    return bool(np.isin(np.abs(array), NEUTRAL).all())


def close(array: Array, other: Array, rtol: float = 1e-7) -> bool:
    """Whether two arrays are the same up to rounding."""
    scale = float(np.abs(other).max(initial=0.0, where=np.isfinite(other)))
    return array.shape == other.shape and bool(
        np.allclose(array, other, rtol=rtol, atol=rtol * scale, equal_nan=True)
    )


class Comparison:
    """A student's recorded call beside the solution's.

    Args:
        given: arrays among the arguments.
        work: that may be done.
    """

    def __init__(self, mine: Trace, right: Trace, given: Sequence[Array], work: Work) -> None:
        self.mine, self.right, self.given, self.work = mine, right, tuple(given), work
        work.spend(8 * (len(mine.events) + len(right.events)))
        work.spend(sum(value.size for value in (*mine.values, *right.values)) // 2)
        rtol = SINGLE if mine.rounded else ROUNDED if right.rounded else RTOL
        self.pool = Numbers([*given, *right.values], rtol)
        sizes = [value.size for value in mine.values]
        self._starts = np.cumsum([0, *sizes])
        flat = np.concatenate([value.ravel() for value in mine.values] or [NEUTRAL[:0]])
        self._is_wrong = ~self.pool.has(flat)
        self._owner = np.repeat(np.arange(len(sizes)), sizes)
        keys, inverse = np.unique(flat, return_inverse=True)
        self._key = inverse.reshape(flat.shape)
        first = np.array([mine.first.get(number, len(mine.events)) for number in range(len(sizes))], int)
        self.origin = np.full(len(keys), len(mine.events))
        if len(flat):
            np.minimum.at(self.origin, self._key, first[self._owner])
        self._harmless = np.zeros(len(keys), bool)

    @functools.cached_property
    def wrong_results(self) -> tuple[int, ...]:
        """Numbers of the results that are wrong; all of them if there are too few or too many."""
        mine, right = self.mine.result or (), self.right.result or ()
        if len(mine) != len(right):
            return ()
        pairs = zip(mine, right, strict=True)
        return tuple(
            number
            for number, (got, wanted) in enumerate(pairs)
            if not close(self.mine.values[got], self.right.values[wanted])
        )

    def is_right(self, value: int) -> bool:
        """Whether all numbers of a value of the student's are right."""
        return not self._is_wrong[self._starts[value] : self._starts[value + 1]].any()

    def wrong_keys(self, values: Iterable[int]) -> Array:
        """Return the numbers inside some values that are wrong and do harm, by their keys."""
        parts = [slice(self._starts[value], self._starts[value + 1]) for value in values]
        keys = [self._key[part][self._is_wrong[part]] for part in parts]
        found = np.unique(np.concatenate(keys)) if keys else np.zeros(0, int)
        return found[~self._harmless[found]]

    def excuse_other_styles(self) -> None:
        """Find the wrong numbers that do no harm."""
        events = self.mine.events
        harmless = set[int]()
        useful = {
            value
            for value, array in enumerate(self.mine.values)
            if self.is_right(value) and not is_neutral(array)
        }
        kinds = {value: events[number].node.kind for value, number in self.mine.first.items()}
        made = {value for value, kind in kinds.items() if kind in ("operation", "call")}
        for _ in range(STEPS):
            self.work.spend(len(events))
            more = {
                value
                for event in events
                if event.node.kind in ARITHMETIC and event.values and all(v in useful for v in event.values)
                for operand in event.operands
                for value in events[operand].values
                if value not in useful and value not in harmless
            }
            for value in more:
                self._harmless[self._key[self._starts[value] : self._starts[value + 1]]] = True
            excused = self._owner[self._harmless[self._key] & self._is_wrong]
            more |= made & set(np.unique(excused).tolist())  # another style in one step is one in all
            if more <= harmless:
                break
            harmless |= more
            useful = useful | more
        for value in harmless:
            self._harmless[self._key[self._starts[value] : self._starts[value + 1]]] = True

    # -- the way back from what is wrong --

    def culprits(self) -> dict[int, set[int]]:
        """Return the evaluations that made wrong numbers of right ones, each with the results it spoils."""
        found: dict[int, set[int]] = {}
        for output in self.wrong_results:
            for event in self._sources(self.wrong_keys([(self.mine.result or ())[output]])):
                found.setdefault(event, set()).add(output)
        return dict(sorted(found.items()))

    def _sources(self, keys: Array) -> set[int]:
        events, seen, found = self.mine.events, set[int](), set[int]()
        waiting = {int(event) for event in self.origin[keys] if event < len(events)}
        while waiting:
            number = waiting.pop()
            seen.add(number)
            self.work.spend(20)
            before = [event for leaf in self._leaves(number) for event in self._origins(leaf, number)]
            if not before:
                found.add(number)
            waiting |= set(before) - seen
        return found

    def _origins(self, event: int, before: int) -> set[int]:
        keys = self.wrong_keys(self.mine.events[event].values)
        return {int(origin) for origin in self.origin[keys] if origin < before}

    def _leaves(self, number: int) -> list[int]:
        """Return what an evaluation is made of; a sum's terms, if one of them is wrong by itself."""
        event = self.mine.events[number]
        if event.node.operation not in SUMS:
            return list(event.operands)
        terms = list(self.terms(self.mine, number))
        bad = [term for term in terms if len(self.wrong_keys(self.mine.events[term].values))]
        return bad if bad else []

    @staticmethod
    def terms(
        trace: Trace, number: int, operations: tuple[str, ...] = SUMS, *, whole: bool = True
    ) -> Iterator[int]:
        """Yield the events whose values a chain of sums (or of products) is made of.

        Args:
            whole: whether the chain goes on where a name or a buffer holds a part of it.
        """
        events = trace.events
        waiting, seen = list(reversed(events[number].operands)), {number}
        while waiting:
            operand = waiting.pop()
            values = events[operand].values
            maker = trace.first.get(values[0], operand) if whole and len(values) == 1 else operand
            inside = whole or events[maker].node.statement == events[number].node.statement
            if events[maker].node.operation in operations and maker not in seen and inside:
                seen.add(maker)
                waiting += reversed(events[maker].operands)
            else:
                yield operand

    def climb(self, number: int, function: str) -> int:
        """Return the event to blame: of a helper that is right in another call, its caller's call."""
        events = self.mine.events
        for _ in range(MAX_CLIMB):
            self.work.spend(len(events) // 2)
            event = events[number]
            if not event.node.function or event.node.function == function:
                break
            caller = self.caller(number)
            if caller is None or not (self._right_elsewhere(event) or self._is_known(events[caller])):
                break
            number = caller
        return number

    def caller(self, number: int) -> int | None:
        """Return the call in which an event of a helper happened."""
        events, function = self.mine.events, self.mine.events[number].node.function
        later = (
            later
            for later in range(number + 1, len(events))
            if events[later].node.kind == "call" and events[later].node.operation == function
        )
        return next(later, None)

    def _right_elsewhere(self, event: Event) -> bool:
        return any(
            other.node is event.node
            and other.values != event.values
            and all(
                self.is_right(value) and not is_neutral(self.mine.values[value]) for value in other.values
            )
            for other in self.mine.events
        )

    def _is_known(self, call: Event) -> bool:
        """Whether a call gives a squashing, or the slope of one, of its only operand."""
        if len(call.operands) != 1 or len(call.values) != 1:
            return False
        operand = self.mine.events[call.operands[0]].values
        if len(operand) != 1:
            return False
        z, made = self.mine.values[operand[0]], self.mine.values[call.values[0]]
        known = (1 / (1 + np.exp(-z)), np.tanh(z), z * (1 - z), 1 - z * z)
        return any(close(made, each) for each in known)


def computed(trace: Trace) -> list[int]:
    """Return the numbers of the events that compute something, not merely name it."""
    return [number for number, event in enumerate(trace.events) if event.node.kind in COMPUTED]
