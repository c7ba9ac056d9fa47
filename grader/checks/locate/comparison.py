"""Finds where a computation goes wrong: the first value that is made of right ones and is not right itself.

A number is right if the solution has it, too, on the way to its answer to the same question, wherever and in
whatever sign: so transposed, stacked and sliced arrays are right like their numbers. A number that is not
right does no harm if arithmetic makes a right value of it: that is another style.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from grader.checks.locate.trace import COMPUTED, Event, Node, Trace, Work
from grader.sandbox.values import Array

RTOL, ROUNDED, SINGLE = 1e-9, 3e-7, 1e-5  # of float64; of numbers known to fewer digits, computed in fewer
SMALL = 1e-3  # numbers below it are compared as if they were of this size
NEUTRAL = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0])  # that say nothing about where they come from
MAX_CHAIN = 5  # terms or factors of which any may come first
STEPS = 6  # of arithmetic, after which a value that is not right may be right again
SUMS, PRODUCTS = ("Add", "Sub"), ("Mult",)
ARITHMETIC = ("operation", "after", "attribute", "call")
DRAWS = "uniform", "normal", "standard_normal", "random", "randn", "rand"


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
        return found & np.isfinite(numbers)


def is_neutral(array: Array) -> bool:
    """Whether an array holds only such numbers as occur everywhere."""
    return bool(np.isin(np.abs(array), NEUTRAL).all())


def close(array: Array, other: Array, rtol: float = 1e-7) -> bool:
    """Whether two arrays are the same up to rounding."""
    scale = float(np.abs(other).max(initial=0.0, where=np.isfinite(other)))
    return array.shape == other.shape and bool(
        np.allclose(array, other, rtol=rtol, atol=rtol * max(scale, SMALL), equal_nan=True)
    )


class Side:
    """One of the two recorded calls, its events by what they are.

    Args:
        ids: by value, a number that arrays of the same numbers share, in whatever order and sign.
        neutral: of these, the ones of arrays that say nothing.
    """

    def __init__(self, trace: Trace, ids: Sequence[int], neutral: Collection[int]) -> None:
        self.trace, self.ids, self._neutral = trace, ids, neutral
        self.evaluations: dict[int, list[int]] = {}
        self.by_id: dict[int, list[int]] = {}
        several = {event.node.number for event in trace.events if len(event.values) != 1}
        for number, event in enumerate(trace.events):
            if len(event.values) == 1:
                self.by_id.setdefault(ids[event.values[0]], []).append(number)
                if event.node.number not in several:
                    self.evaluations.setdefault(event.node.number, []).append(number)

    @functools.cached_property
    def draws(self) -> bool:
        """Whether any number is drawn."""
        return any(event.node.operation in DRAWS for event in self.trace.events)

    def node(self, number: int) -> Node:
        """Return the node of an event."""
        return self.trace.events[number].node

    def array(self, number: int) -> Array:
        """Return the only value of an event."""
        return self.trace.values[self.trace.events[number].values[0]]

    def shape(self, number: int) -> tuple[int, ...]:
        """Return the shape of the first value of an event."""
        return self.array(number).shape

    def id(self, number: int) -> int:
        """Return what events of the same numbers have in common."""
        return self.ids[self.trace.events[number].values[0]]

    def all_ids(self, event: Event) -> list[int]:
        """Return the same of all that an event holds."""
        return [self.ids[value] for value in event.values]

    def is_neutral(self, number: int) -> bool:
        """Whether an event has only such numbers as occur everywhere."""
        return self.id(number) in self._neutral

    def after(self, number: int) -> int:
        """Return the first event after one that is of another statement."""
        events = self.trace.events
        own = {event.node.statement for event in events[number : number + 1]}
        later = (n for n in range(number, len(events)) if self.node(n).statement not in own)
        return next(later, len(events))

    def target(self, number: int) -> str | None:
        """Return what a statement binds, empty if it returns, if an event's node is all of its value."""
        node = self.node(number)
        bound = self.trace.text.statements[node.statement] if node.statement >= 0 else None
        return bound.target if bound and bound.value == node.text else None

    def parts(self, number: int) -> list[int]:
        """Return what a value is computed from, of a chain of sums or of products all of it; else itself."""
        event = self.trace.events[number]
        if event.node.kind not in COMPUTED:
            return [number]
        family = next((each for each in (SUMS, PRODUCTS) if event.node.operation in each), ())
        operands = self.terms(number, family) if family else iter(event.operands)
        return [part for operand in operands for part in self._opened(operand)]

    def inside(self, number: int) -> list[int]:
        """Return an event, what it is made of, and what collections among that are made of."""
        events, found = self.trace.events, [number]
        for operand in events[number].operands:
            found += [operand, *(events[operand].operands if len(events[operand].values) != 1 else ())]
        return found

    def _opened(self, number: int) -> Iterator[int]:
        event = self.trace.events[number]
        if len(event.values) == 1:
            yield number
        elif event.node.kind == "collection":
            for operand in event.operands:
                yield from self._opened(operand)

    def terms(self, number: int, family: Collection[str] = SUMS) -> Iterator[int]:
        """Yield the events that a chain of sums (or of products) is made of."""
        return (term for term, _ in self._signed(number, family))

    def _signed(self, number: int, family: Collection[str]) -> Iterator[tuple[int, int]]:
        """Yield the same, each with its sign."""
        waiting = [(number, 1)]
        while waiting:
            each, sign = waiting.pop()
            if each != number and self.node(each).operation not in family:
                yield each, sign
                continue
            signs = [sign, -sign if self.node(each).operation == "Sub" else sign]
            waiting += reversed([*zip(self.trace.events[each].operands, signs, strict=False)])

    def parts_of_chains(self) -> Iterator[Array]:
        """Yield what some terms of a sum, or factors of a product, make without the others."""
        for number, event in enumerate(self.trace.events):
            for family, joined in ((SUMS, np.add), (PRODUCTS, np.multiply)):
                chain = [*self._signed(number, family)] if event.node.operation in family else []
                if 2 < len(chain) <= MAX_CHAIN and all(
                    len(self.trace.events[n].values) == 1 for n, _ in chain
                ):
                    arrays = [sign * self.array(n) for n, sign in chain]
                    for count in range(2, len(arrays)):
                        for some in itertools.combinations(arrays, count):
                            yield functools.reduce(joined, some)


def _same_numbers(flat: Array, owner: Array, sizes: Array, rtol: float) -> list[int]:
    """Number arrays so that those of the same numbers, in whatever order and sign, have one number.

    Args:
        flat, owner: their numbers, and of each the array in which it is.
        sizes: of the arrays.
    """
    norms = np.sqrt(np.bincount(owner, flat * flat, len(sizes)))
    order = np.lexsort((norms, sizes))
    near = np.diff(norms[order]) <= rtol * np.maximum(norms[order][1:], 1e-9)
    ids = np.zeros(len(sizes), int)
    ids[order[1:]] = np.cumsum(~near | (np.diff(sizes[order]) > 0))
    return [int(number) for number in ids]


def parts_of_products(trace: Trace) -> Iterator[Array]:
    """Yield what the products with stacked arrays are the sums of: whoever stacks nothing computes these."""
    found = dict[int, list[Array]]()
    for number, event in enumerate(trace.events):
        operands = [trace.events[each] for each in event.operands]
        if len(operands) != 2 or any(len(each.values) != 1 for each in operands):
            continue
        (left,), (right,) = (each.values for each in operands)
        if event.node.operation == "MatMult" and trace.values[left].ndim == 2:
            stack = trace.events[trace.first.get(right, 0)]
            if stack.node.operation == "vstack" and stack.operands:
                parts = [trace.values[each] for each in trace.events[stack.operands[0]].values]
                columns = np.split(trace.values[left], np.cumsum([*map(len, parts)])[:-1], axis=1)
                found[number] = [one @ other for one, other in zip(columns, parts, strict=True)]
                yield from found[number]
        if event.node.operation == "Add":
            yield from (part + trace.values[right] for part in found.get(event.operands[0], ()))


class Comparison:
    """A student's recorded call beside the solution's.

    Args:
        function: that was called.
        given: arrays among the arguments.
        work: that may be done.
        trusted: functions of the student's that are right.
        strict: whether what a product with stacked arrays is the sum of is right only where it is added up.
    """

    def __init__(
        self,
        function: str,
        mine: Trace,
        right: Trace,
        given: Sequence[Array],
        work: Work,
        trusted: Collection[str] = (),
        strict: bool = False,
    ) -> None:
        self.function, self.given, self.work, self.trusted = function, tuple(given), work, trusted
        work.spend(8 * (len(mine.events) + len(right.events)))
        arrays, count = (*mine.values, *right.values), len(mine.values)
        sizes = np.array([array.size for array in arrays], int)
        work.spend(int(sizes.sum()) // 2)
        self.rtol = SINGLE if mine.rounded else ROUNDED if right.rounded else RTOL
        flat = np.concatenate([NEUTRAL[:0], *(array.ravel() for array in arrays)])
        owner = np.repeat(np.arange(len(sizes)), sizes)
        with np.errstate(all="ignore"):
            ids = _same_numbers(flat, owner, sizes, self.rtol)
        telling = np.bincount(owner, ~np.isin(np.abs(flat), NEUTRAL), len(sizes)) > 0
        whole = [*mine.whole, *(count + number for number in right.whole)]  # they are alike by chance
        neutral = {ids[number] for number in (*np.flatnonzero(~telling), *whole)}
        self.mine, self.right = Side(mine, ids[:count], neutral), Side(right, ids[count:], neutral)
        self._starts = np.cumsum([0, *sizes[:count]])
        products = [*parts_of_products(right)]
        known = () if strict else products
        self.pool = Numbers([*given, flat[self._starts[-1] :], *known], self.rtol)
        flat = flat[: self._starts[-1]]
        self._is_wrong = ~self.pool.has(flat)
        self._is_part = np.zeros(len(flat), bool)
        parts = (*self.right.parts_of_chains(), *products)
        self._is_part[self._is_wrong] = Numbers(parts, self.rtol).has(flat[self._is_wrong])
        keys, key = np.unique(flat, return_inverse=True)
        first = np.array([mine.first.get(number, len(mine.events)) for number in range(count)], int)
        origin = np.full(len(keys), len(mine.events))
        np.minimum.at(origin, key, first[owner[: len(flat)]])
        harmless = np.zeros(len(keys), bool)
        for value in self._excused(telling):
            harmless[key[self._starts[value] : self._starts[value + 1]]] = True
        self._does_harm, self._origin = self._is_wrong & ~harmless[key], origin[key]
        self._spoilt: dict[int, frozenset[int]] = {}

    @functools.cached_property
    def wrong_results(self) -> tuple[int, ...]:
        """Numbers of the results that are wrong; all of them if there are too few or too many."""
        mine, right = self.mine.trace.results, self.right.trace.results
        if len(mine) != len(right):
            return ()
        pairs = enumerate(zip(mine, right, strict=True))
        return tuple(number for number, pair in pairs if not close(*pair))

    def is_right(self, value: int) -> bool:
        """Whether all numbers of a value of the student's are right."""
        return not self._is_wrong[self._starts[value] : self._starts[value + 1]].any()

    def spoilt(self, values: Iterable[int]) -> set[int]:
        """Return the events that first had the numbers inside some values that are wrong and do harm."""
        found = set[int]()
        for value in values:
            if value not in self._spoilt:
                part = slice(self._starts[value], self._starts[value + 1])
                self._spoilt[value] = frozenset(self._origin[part][self._does_harm[part]].tolist())
            found |= self._spoilt[value]
        return found

    def _excused(self, telling: Array) -> set[int]:
        """Return the values whose wrong numbers do no harm: arithmetic makes a right value of them.

        Args:
            telling: whether a value has other numbers than occur everywhere.
        """
        events, values = self.mine.trace.events, self.mine.trace.values
        whole = self.mine.trace.whole  # as a drawn symbol, which many shares give
        useful = {v for v in range(len(values)) if telling[v] and v not in whole and self.is_right(v)}
        joined = (each for each in events if each.node.operation in (*SUMS, *PRODUCTS))
        for value in {v for each in joined for n in each.operands for v in events[n].values} - whole:
            part = slice(self._starts[value], self._starts[value + 1])
            if telling[value] and (self._is_part[part] | ~self._is_wrong[part]).all():
                useful.add(value)
        makers = [each for each in events if each.node.kind in ARITHMETIC and not self._is_passed_on(each)]
        for _ in range(STEPS):
            self.work.spend(len(events))
            more = {
                value
                for event in makers
                if event.values and useful.issuperset(event.values)
                for operand in event.operands
                for value in events[operand].values
                if telling[value]  # zeros are made of anything
            } - useful
            if more <= useful:
                break
            useful |= more
        return useful

    def _is_passed_on(self, event: Event) -> bool:
        """Whether a value is one of those it is made of, as where entries are chosen; others do nothing."""
        made_of = {value for operand in event.operands for value in self.mine.trace.events[operand].values}
        return len(made_of) > 1 and not made_of.isdisjoint(event.values)

    # -- the way back from what is wrong --

    @functools.cached_property
    def culprits(self) -> dict[int, set[int]]:
        """The evaluations that made wrong numbers of right ones, each with the results it spoils.

        First are those that spoil all that is wrong: others may be steps of the student's own.
        """
        found: dict[int, set[int]] = {}
        for output in self.wrong_results:
            symbol = self._symbol(output)
            behind = symbol[1:] if symbol else [self.mine.trace.result[output]]
            for event in self.sources(behind) or symbol[:1]:
                found.setdefault(event, set()).add(output)
        return dict(sorted(found.items(), key=lambda pair: (len(pair[1]) < len(self.wrong_results), pair[0])))

    def _symbol(self, output: int) -> list[int]:
        """Return the event of the first wrong symbol of a result, and the values it is made of.

        Where they are made one by one, what comes after a wrong one is wrong because of it.
        """
        mine, right = self.mine.trace, self.right.trace
        got, wanted = mine.results[output], right.results[output]
        if mine.result[output] not in mine.whole or got.ndim != 1 or not 1 < len(got) <= len(wanted):
            return []
        first = int(np.argmax(got != wanted[: len(got)]))
        self.work.spend(len(mine.events))
        for node, events in self.mine.evaluations.items():
            arrays = [self.mine.array(n) for n in events if mine.text.nodes[node].kind in COMPUTED]
            if len(arrays) == len(got) and all(map(np.array_equal, arrays, got)):
                behind = [*mine.events[events[first]].operands]
                for event in behind:
                    behind += {*mine.events[event].operands}.difference(behind)
                return [events[first], *(v for event in behind for v in mine.events[event].values)]
        return []

    def sources(self, values: Iterable[int]) -> set[int]:
        """Return the evaluations that made the wrong numbers in some values of right ones."""
        events, seen, found = self.mine.trace.events, set[int](), set[int]()
        waiting = self.spoilt(values) - {len(events)}
        while waiting:
            number = waiting.pop()
            seen.add(number)
            self.work.spend(20)
            node, operands = events[number].node, events[number].operands
            leaves = self.mine.terms(number) if node.operation in SUMS else operands
            wrong = self.spoilt(value for leaf in leaves for value in events[leaf].values)
            before = {
                n for n in wrong if n < number and (events[n].operands or events[n].node.kind != "operation")
            }
            by_chance = node.operation in DRAWS and self.right.draws
            if not before and operands and not by_chance:  # as what is made of nothing, it tells nothing
                found.add(number)
            waiting |= before - seen
        return found

    def climb(self, number: int) -> int:
        """Return the event to blame: of a function of the student's that is right, its caller's call."""
        while (inside := self.mine.node(number).function) != self.function:
            right = inside in self.trusted or self._is_right_elsewhere(number)
            above = self.caller(number) if right else None
            if above is None:
                break
            number = above
        return number

    def _is_right_elsewhere(self, number: int) -> bool:
        """Whether what a helper returns is right wherever it is called from another place."""
        events, call = self.mine.trace.events, self.caller(number)
        if call is None:
            return False
        self.work.spend(len(events) // 4)
        own = events[call].node
        calls = (n for n, each in enumerate(events) if each.node.kind == "call" and each.values)
        others = [n for n in calls if (one := events[n].node) is not own and one.operation == own.operation]
        telling = not all(map(self.mine.is_neutral, others))
        return telling and not any(self.spoilt(events[n].values) for n in others)

    def caller(self, number: int) -> int | None:
        """Return the call in which an event of a helper happened."""
        events, function = self.mine.trace.events, self.mine.trace.events[number].node.function
        later = (
            later
            for later in range(number + 1, len(events))
            if events[later].node.kind == "call" and events[later].node.operation == function
        )
        return next(later, None)

    # -- the two side by side --

    def matched(self, leaves: list[int], others: list[int]) -> tuple[list[int], list[int], int]:
        """Return what is left over on both sides, and how many telling operands both have."""
        self.work.spend(2 + 4 * len(leaves) + 2 * len(others))
        rest, odd, hits = list(others), list[int](), 0
        for leaf in leaves:
            twin = next((other for other in rest if self.right.id(other) == self.mine.id(leaf)), None)
            if twin is not None:
                rest.remove(twin)
                hits += not self.mine.is_neutral(leaf)
            else:
                odd.append(leaf)
        return odd, rest, hits

    def same(self, mine: int, right: int) -> bool:
        """Whether an event and one of the solution's have the same value."""
        alike = self.mine.id(mine) == self.right.id(right)
        return alike and close(self.mine.array(mine), self.right.array(right), self.rtol)
