"""Says what is wrong with a value that was made of right ones: by the roles that its operands have.

Most wrong values are right values in a wrong place. The culprit is laid beside the evaluation of the solution
that it shares most with; what is left over on either side is the cause. A value of the solution is called by
the course's name for it, never by its formula.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from grader.checks.locate.locate import (
    SUMS,
    Comparison,
    close,
    computed,
    is_neutral,
)
from grader.checks.locate.trace import COMPUTED, Statement, Trace
from grader.sandbox.values import Array

PRODUCTS = ("Mult",)
DEPTH = 4  # bindings that are followed from a value to what it was made of
UNKNOWN, PLACE = "unknown", "place"  # kinds of findings that state no cause


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where.

    Args:
        kind: of mistake; the same for the same mistake in other code.
        line: of the student's file.
        cause: a clause about the line's value, in the course's words; empty if none can be stated.
        key: the same without the student's own names.
        event: number of the evaluation that went wrong.
        outputs: numbers of the results that it spoils.
    """

    kind: str
    line: int
    cause: str = ""
    key: str = ""
    event: int = -1
    outputs: frozenset[int] = frozenset()


class Explainer:
    """Explains the culprits of one comparison, and wrong results that have none.

    Args:
        function: that was called.
        results: the names of its results.
        quantities: by expression of the solution, what the course calls its value.
    """

    def __init__(
        self,
        comparison: Comparison,
        function: str,
        results: tuple[str, ...],
        quantities: Mapping[str, str],
    ) -> None:
        self.comparison, self.function, self.results = comparison, function, results
        self.quantities = quantities
        self.mine, self.right = comparison.mine, comparison.right
        given = [part for array in comparison.given for part in _parts(array)]
        arrays = [*self.mine.values, *self.right.values, *given]
        ids = _same_numbers(arrays)
        count = len(self.mine.values)
        self._mine_id, self._right_id = ids[:count], ids[count : count + len(self.right.values)]
        self._own = set(self._mine_id)
        self._neutral = {number for number, array in zip(ids, arrays, strict=True) if is_neutral(array)}
        self._bindings: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for number, event in enumerate(self.mine.events):
            if event.node.statement >= 0:
                for name in self.mine.text.statements[event.node.statement].binds:
                    places = self._bindings.setdefault((event.node.function, name), [])
                    places.append((number, event.node.statement))

    # -- what is laid side by side --

    def _id(self, trace: Trace, value: int) -> int:
        return int((self._mine_id if trace is self.mine else self._right_id)[value])

    def leaves(self, trace: Trace, number: int) -> list[int]:
        """Return the operands of an evaluation; of a chain of sums or of products, all of them."""
        event = trace.events[number]
        family = next((each for each in (SUMS, PRODUCTS) if event.node.operation in each), ())
        operands = Comparison.terms(trace, number, family, whole=False) if family else iter(event.operands)
        return [leaf for operand in operands for leaf in _opened(trace, operand)]

    def matched(self, leaves: list[int], others: list[int]) -> tuple[list[int], list[int], int]:
        """Return what is left over on both sides, and how many telling operands both have."""
        self.comparison.work.spend(2 + 4 * len(leaves) + 2 * len(others))
        rest, odd, hits = list(others), list[int](), 0
        for leaf in leaves:
            mine = self._leaf_id(self.mine, leaf)
            twins = [other for other in rest if self._leaf_id(self.right, other) == mine]
            exact = [other for other in twins if len(twins) > 1 and self.same(leaf, other)]
            if twins:
                rest.remove((exact or twins)[0])
                hits += mine not in self._neutral
            else:
                odd.append(leaf)
        return odd, rest, hits

    def same(self, mine: int, right: int) -> bool:
        """Whether an event and one of the solution's have the same value."""
        alike = self.same_numbers(mine, right)
        return alike and close(self.array(self.mine, mine), self.array(self.right, right), 1e-9)

    def same_numbers(self, mine: int, right: int) -> bool:
        """Whether an event and one of the solution's have the same numbers, in whatever order and sign."""
        return self._leaf_id(self.mine, mine) == self._leaf_id(self.right, right)

    def _leaf_id(self, trace: Trace, number: int) -> int:
        return self._id(trace, trace.events[number].values[0])

    def array(self, trace: Trace, number: int) -> Array:
        """Return the only value of an event."""
        return trace.values[trace.events[number].values[0]]

    # -- one culprit --

    def explain(self, culprit: int) -> Finding:
        """Say what is wrong with an evaluation that went wrong."""
        number = self.comparison.climb(culprit, self.function)
        found = self._broadcast(number) or self._begun(number)
        return dataclasses.replace(
            found or Finding(UNKNOWN, self.mine.events[number].node.line), event=number
        )

    def _begun(self, number: int) -> Finding | None:
        """Find where a buffer began with something else than zeros, to which right things are added."""
        event, operands = self.mine.events[number], self.mine.events[number].operands
        if event.node.kind != "after" or event.node.operation not in SUMS or len(operands) != 2:
            return None
        before, added = (self._leaf_id(self.mine, operand) for operand in operands)
        plain = before in self._neutral and self.array(self.mine, operands[0]).any()
        line = self.bound_line(operands[0]) if plain and added not in self._neutral else None
        return Finding(PLACE, line, event=number) if line else None

    def _broadcast(self, number: int) -> Finding | None:
        """Say that two shapes came together into a third one, which none of the solution's values has."""
        event = self.mine.events[number]
        if event.node.kind not in ("operation", "after") or event.node.operation == "MatMult":
            return None
        if not self.right.events:  # in a hand-out, where shapes are not known
            return None
        operands = [self.mine.events[operand] for operand in event.operands]
        if len(operands) != 2 or any(len(each.values) != 1 for each in (event, *operands)):
            return None
        made, first, second = (self.mine.values[each.values[0]].shape for each in (event, *operands))
        if made in (first, second) or any(made == array.shape for array in self.right.values):
            return None
        names = [each.node.text for each in operands]
        cause = f"`{names[0]}` of shape {first} and `{names[1]}` of shape {second} broadcast into {made}"
        return Finding("broadcast", event.node.line, cause, "two shapes broadcast into a third", number)

    def lacks(self, leaf: int) -> bool:
        """Whether the student has the value of an event of the solution nowhere."""
        return self._leaf_id(self.right, leaf) not in self._own

    def is_assigned(self, number: int) -> bool:
        """Whether what an event reads was bound by an assignment, not by a loop."""
        bound = self._binding(number)
        return bound is not None and bound.kind != "For"

    def is_same_of_solution(self, one: int, other: int) -> bool:
        """Whether two events of the solution have the same numbers."""
        return self._leaf_id(self.right, one) == self._leaf_id(self.right, other)

    def is_plain(self, leaf: int) -> bool:
        """Whether an event of the solution has only such numbers as occur everywhere."""
        return self._leaf_id(self.right, leaf) in self._neutral

    def _binding(self, number: int) -> Statement | None:
        """Return the statement that bound the name that an event reads, as the computation went."""
        self.comparison.work.spend(len(self.mine.events) // 4)
        events, event = self.mine.events, self.mine.events[number]
        places = self._bindings.get((event.node.function, base(event.node.text)), [])
        again = (at for at in range(number - 1, -1, -1) if events[at].node is event.node)
        turn = next(again, -1)  # when a loop came here before
        own = [statement for at, statement in places if at <= turn and statement == event.node.statement]
        found = [(at, statement) for at, statement in places if at < number and statement not in own[:1]]
        found = [pair for pair in found if pair[1] != event.node.statement]
        if own and (not found or found[-1][0] < turn):
            return self.mine.text.statements[own[0]]
        return self.mine.text.statements[found[-1][1]] if found else None

    def bound_line(self, number: int) -> int | None:
        """Return the line that bound what an event reads; of an argument of a helper, its caller's."""
        event = self.mine.events[number]
        if event.node.kind not in ("name", "item", "attribute", "before"):
            return None
        if bound := self._binding(number):
            return bound.line
        caller = self.comparison.caller(number) if event.node.function != self.function else None
        return self.mine.events[caller].node.line if caller is not None else None

    def parts(self, trace: Trace, number: int) -> list[int]:
        """Return what a value is computed from; of a name, the event itself."""
        return self.leaves(trace, number) if trace.events[number].node.kind in COMPUTED else [number]

    def source(self, number: int, wanted: int, depth: int = DEPTH) -> int | None:
        """Return the line above that gave a value where another belongs; None if it was chosen or made here.

        Args:
            number: of the event that has it.
            wanted: the solution's event that has what belongs there.
        """
        if not depth:
            return None
        if self.mine.events[number].node.kind in COMPUTED:
            odd, rest, _ = self.matched(self.parts(self.mine, number), self.parts(self.right, wanted))
            alike = len(odd) == len(rest) and number not in odd
            lines = (
                {self.source(*pair, depth - 1) for pair in zip(odd, rest, strict=True)} if alike else set()
            )
            return lines.pop() if len(lines) == 1 else None
        line = None if self._misused(number, wanted) else self.bound_line(number)
        if line is None:
            return None
        values, right = self.mine.events[number].values, self.right.events[wanted].values
        makers = [n for n in computed(self.mine) if n < number and self.mine.events[n].values == values]
        makers = [n for n in makers if self.mine.events[n].node.line == line]
        twins = [n for n in computed(self.right) if self.right.events[n].values == right]
        deeper = self.source(makers[-1], twins[0], depth - 1) if makers and twins else None
        return deeper or line

    def _misused(self, number: int, wanted: int) -> bool:
        """Whether a name holds what it should and is used in a wrong place.

        The solution's name for what belongs there is, if its value is right at that turn. Another one is, if
        the solution has its value under it or returns it, if what belongs there is computed, too, or if
        something right is made of its value.
        """
        if self._is_chosen(number):
            return True
        text, mine = self.mine.events[number].node.text, self._leaf_id(self.mine, number)
        if text == self.right.events[wanted].node.text:
            turn = sum(event.node is self.mine.events[number].node for event in self.mine.events[:number])
            turns = [
                n for n, event in enumerate(self.right.events) if event.node is self.right.events[wanted].node
            ]
            return turn < len(turns) and self.same(number, turns[turn])
        single = [other for other, event in enumerate(self.right.events) if len(event.values) == 1]
        named = {
            self.right.events[other].node.text for other in single if self._leaf_id(self.right, other) == mine
        }
        right = self._leaf_id(self.right, wanted)
        return (
            text in named
            or mine in {self._id(self.right, value) for value in self.right.result or ()}
            or (right in self._own and right not in self._neutral)
            or self._serves(number)
        )

    def _is_chosen(self, number: int) -> bool:
        """Whether an event picks an item of what was bound as a whole, or returns a right value."""
        event, bound = self.mine.events[number], self._binding(number)
        if event.node.kind == "item" and bound and "[" not in bound.target:
            return True
        later = self.mine.events[number + 1 : number + 9]
        alone = not any(number in other.operands and other.node.kind in COMPUTED for other in later)
        returned = self.mine.text.statements[event.node.statement].kind == "Return"
        return returned and alone and self.comparison.is_right(event.values[0])

    def _serves(self, number: int) -> bool:
        """Whether something right is made of the value that a name has."""
        value = self.mine.events[number].values
        return any(
            other.node.kind in COMPUTED
            and len(other.values) == 1
            and self.comparison.is_right(other.values[0])
            and self._id(self.mine, other.values[0]) not in self._neutral
            and any(self.mine.events[operand].values == value for operand in other.operands)
            for other in self.mine.events
        )

    # -- right values in wrong places --

    def misplaced(self, output: int) -> Finding:
        """Explain a result that is wrong although all its numbers are right ones."""
        mine, right = (self.mine.result or ())[output], (self.right.result or ())[output]
        got, wanted = self.mine.values[mine], self.right.values[right]
        name = self.results[output] if output < len(self.results) else "the result"
        computed_too = any(close(value, wanted) for value in self.mine.values if value.size == wanted.size)
        value = mine if computed_too else self._wrong_piece(mine, wanted)
        events = enumerate(self.mine.events)
        uses = [n for n, event in events if value in event.values and event.node.function == self.function]
        uses = uses or [n for n, event in enumerate(self.mine.events) if value in event.values]
        single = [number for number in uses if len(self.mine.events[number].values) == 1]
        makers = [number for number in single if self.mine.events[number].node.kind in COMPUTED]
        if not uses:
            return Finding(UNKNOWN, self._last_line())
        last = (single or uses)[-1]
        line = self.mine.events[last].node.line
        telling = not is_neutral(wanted)
        if telling and self._id(self.mine, mine) == self._id(self.right, right):
            how = _form(got, wanted)
            line = self.mine.events[(makers or uses)[0]].node.line
            return Finding("form", line, f"`{name}` {how}", f"{name} {how}", uses[0])
        if telling and self._id(self.right, right) in self._own:
            cause = f"another quantity is returned as `{name}`; the right one is computed"
            said = self._returns(line) and self.comparison.is_right(mine)
            return Finding("returned" if said else PLACE, line, cause, cause, last)
        results = {self._id(self.right, result) for result in self.right.result or ()}
        if self._id(self.mine, value) not in results and not self._serves(last):
            bound = self._binding(last) if self.mine.events[last].node.kind == "name" else None
            line = (bound or self.mine.events[(makers or [last])[0]].node).line
        return Finding(PLACE, line, event=last)

    def _wrong_piece(self, mine: int, wanted: Array) -> int:
        """Return the first wrong piece of a result, if it was computed by itself; else the result."""
        got = self.mine.values[mine]
        if got.ndim != 3 and (got.shape != wanted.shape or got.ndim < 2 or mine in self.mine.first):
            return mine
        for piece, other in zip(got, wanted, strict=False):
            if piece.shape == other.shape and not close(piece, other):
                same = (n for n, array in enumerate(self.mine.values) if np.array_equal(array, piece))
                return next(same, mine)
        return mine

    def _returns(self, line: int) -> bool:
        around = [each for each in self.mine.text.statements if each.line <= line <= each.end]
        return any(each.kind == "Return" for each in around)

    def _last_line(self) -> int:
        inside = [node.line for node in self.mine.text.nodes if node.function == self.function]
        first, last = min(inside, default=0), max(inside, default=0)
        statements = self.mine.text.statements
        return max((s.line for s in statements if s.kind == "Return" and first <= s.line <= last), default=1)

    # -- time --

    def order_of_steps(self) -> Finding | None:
        """Compare the order in which steps of the given sequences are read."""
        steps = [array for array in self.comparison.given if array.ndim == 3 and len(array) > 1]
        count = min(map(len, steps), default=0)
        told = set[str]()
        first = -1
        for array in (each for each in steps if len(each) == count):
            wanted, _ = _steps_read(self.right, array)
            read, at = _steps_read(self.mine, array)
            if len(wanted) != count or len(read) < 1:
                continue
            if read == wanted:
                return None
            if len(read) > 1 and read == wanted[::-1]:
                told.add("the steps are walked in the wrong order")
            elif read == [step for step in wanted if step in read]:
                ends = {0: "first", count - 1: "last"}
                missing = [step for step in wanted if step not in read]
                end = ends.get(missing[0]) if len(missing) == 1 else None
                told.add(f"the {end} step is left out" if end else "some steps are left out")
            else:
                return None
            first = at if first < 0 else min(first, at)
        if len(told) != 1:
            return None
        line = self._loop_above(self.mine.events[first].node.line)
        return Finding("order of steps", line, min(told), min(told), first) if line else None

    def _loop_above(self, line: int) -> int:
        statements = self.mine.text.statements
        around = [each for each in statements if each.line <= line <= each.end]
        return max((each.line for each in around if each.kind in ("For", "While")), default=0)

    # -- names --

    def phrase(self, number: int) -> str:
        """Return what the course calls the value of an event of the solution; empty if it has no name."""
        self.comparison.work.spend(len(self.right.events) // 4)
        wanted = self._leaf_id(self.right, number)
        array = self.array(self.right, number)
        if array.size > 1 and not array.any():
            return "an array of zeros"
        texts = [
            event.node.text
            for other, event in enumerate(self.right.events)
            if len(event.values) == 1
            and self._leaf_id(self.right, other) == wanted
            and self.array(self.right, other).shape in (array.shape, array.T.shape)
        ]
        for text in [self.right.events[number].node.text, *texts]:
            if name := self.quantities.get(text.removesuffix(".T")):
                return f"{name}, transposed" if text.endswith(".T") else name
        return ""


def _parts(array: Array) -> Iterator[Array]:
    yield array
    if array.ndim == 3:
        yield from array


def _same_numbers(arrays: list[Array]) -> list[int]:
    """Number arrays so that those of the same numbers, in whatever order and sign, have one number."""
    with np.errstate(all="ignore"):
        norms = np.array([float(np.sqrt((array.astype(float) ** 2).sum())) for array in arrays])
    sizes = np.array([array.size for array in arrays])
    order = np.lexsort((norms, sizes))
    numbers, current = [0] * len(arrays), 0
    for before, after in itertools.pairwise(order):
        apart = abs(norms[after] - norms[before])
        near = sizes[before] == sizes[after] and apart <= 1e-9 * max(norms[after], 1e-9)
        current += not near
        numbers[after] = current
    return numbers


def _opened(trace: Trace, number: int) -> Iterable[int]:
    """Yield an event of one value, or what a collection is made of."""
    event = trace.events[number]
    if len(event.values) == 1:
        yield number
    elif event.node.kind == "collection":
        for operand in event.operands:
            yield from _opened(trace, operand)


def base(text: str) -> str:
    """Return the name that an expression begins with; empty if it begins with none."""
    found = re.match(r"[^\W\d]\w*", text)
    return found[0] if found else ""


def _steps_read(trace: Trace, array: Array) -> tuple[list[int], int]:
    """Return the steps of a sequence in the order in which they are read first, and the first such event."""
    steps = {part.tobytes(): number for number, part in reversed([*enumerate(array)])}
    found, first = dict[int, None](), -1
    for number, event in enumerate(trace.events):
        if event.node.kind in ("item", "name") and len(event.values) == 1:
            value = trace.values[event.values[0]]
            step = steps.get(value.tobytes()) if value.shape == array.shape[1:] else None
            if step is not None:
                found[step] = None
                first = number if first < 0 else first
    return list(found), first


def _form(got: Array, wanted: Array) -> str:
    """Say how an array of the right numbers differs from the right one."""
    if got.ndim == 2 and got.T.shape == wanted.shape and close(got.T, wanted, 1e-9):
        return "is transposed"
    if close(got, -wanted, 1e-9):
        return "has the wrong sign; its numbers are right"
    return "holds the right numbers in another order or shape"


def found_in(explainer: Explainer) -> list[Finding]:
    """Return what is wrong in a comparison, what should be mended first at the beginning."""
    comparison = explainer.comparison
    culprits = comparison.culprits()
    found = [(explainer.explain(culprit), outputs) for culprit, outputs in culprits.items()]
    rest = {*comparison.wrong_results}.difference(*culprits.values())
    found += [(explainer.misplaced(output), {output}) for output in sorted(rest)]
    findings = [dataclasses.replace(finding, outputs=frozenset(outputs)) for finding, outputs in found]
    ordered = explainer.order_of_steps() if comparison.wrong_results else None
    findings.sort(key=lambda finding: (finding.kind in (UNKNOWN, PLACE), finding.event))
    return [ordered, *findings] if ordered else findings
