"""Tries changes in a student's call: does a value of the solution mend the answer, and what does that say?

Some value in a line is replaced by one that the solution has, evaluation after evaluation, and the student's
function is called again. Laid side by side, the two say what is missing, too much, or another quantity.
A value of the solution is called by the course's name for it, never by its formula.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from grader.checks.locate.comparison import PRODUCTS, SUMS, Comparison, close, is_neutral
from grader.checks.locate.names import RARE, Names, base
from grader.checks.locate.trace import COMPUTED
from grader.sandbox.values import Array

RERUN = 500  # units of work of another call, beside its evaluations
FEW_NAMES = 4  # whose lines are asked where a value is made of several
DEPTH = 3  # expressions inside expressions that are laid side by side, and names that are followed back
TINY = 1e-6  # a factor below which a value is not told as a multiple of the right one
OTHERWISE = 1.01  # times a value, which then is another one
SHORT = 60  # characters of a quoted expression
EARLY = "a loop stops too early"
VERBS = {
    "Add": "added",
    "Sub": "subtracted",
    "Mult": "multiplied entry by entry",
    "Div": "divided",
    "MatMult": "multiplied as matrices",
    "matmul": "multiplied as matrices",
    "dot": "multiplied as matrices",
    "Pow": "raised to a power",
}

SQUASHED = {"tanh": "the tanh", "sigmoid": "the sigmoid", "softmax": "the softmax"}

Wrong = set[tuple[int, int]]
"""Numbers of results, each with a step of its time axis, or -1."""
Rerun = Callable[[int, Sequence[Array]], list[Array]]
Mends = Callable[["Change"], Any]


@dataclass(frozen=True)
class Change:
    """A value of the student's, by its node, and the solution's that is tried in its place."""

    mine: int
    right: int


@dataclass(frozen=True)
class Cause:
    """What is wrong with a line.

    Args:
        text: a clause about the line's value, in the course's words; empty if what belongs there has no name.
        key: the same without the student's own names.
        change: of one value for another, if that is all that is wrong.
    """

    text: str
    key: str
    change: Change | None = None


def laid(array: Array, shape: tuple[int, ...]) -> Array | None:
    """Return an array in another shape, its last axes swapped or some of 1 left out; None if none fits."""
    turned = array.swapaxes(-1, -2) if array.ndim > 1 else array
    if turned.shape == shape:
        return turned
    plain = tuple(size for size in shape if size != 1)
    return array.reshape(shape) if plain == tuple(size for size in array.shape if size != 1) else None


class Trial:
    """One question on which changes are tried.

    Args:
        quantities: by expression of the solution, what the course calls its value.
        rerun: calls the student's function with a node's values replaced; returns its results.
    """

    def __init__(self, comparison: Comparison, quantities: Mapping[str, str], rerun: Rerun) -> None:
        self._comparison, self._quantities, self._rerun = comparison, quantities, rerun
        self.mine, self.right = comparison.mine, comparison.right
        self.names = Names(comparison)
        results = self.mine.trace.results
        self._wrong = self._wrong_among(results)
        self._overflows = not all(np.isfinite(result).all() for result in results)
        self._operands = {number for event in self.mine.trace.events for number in event.operands}

    def _wrong_among(self, results: Sequence[Array]) -> Wrong:
        """Return which results are wrong by their numbers, of those with a time axis the steps."""
        wanted = self.right.trace.results
        if len(results) != len(wanted):
            return {(number, -1) for number in range(-1, len(wanted))}
        wrong: Wrong = set()
        rtol = max(1e-7, self._comparison.rtol)
        for number, (got, right) in enumerate(zip(results, wanted, strict=True)):
            steps = range(len(right)) if right.ndim == 3 else []
            if steps and got.shape == right.shape:
                wrong |= {(number, step) for step in steps if not close(got[step], right[step], rtol)}
            elif not close(got, right, rtol):
                wrong |= {(number, step) for step in (-1, *steps)}
        return wrong

    def pairs(self, change: Change) -> list[tuple[int, int]]:
        """Return the evaluations that a change lays side by side; none if there is not one for each.

        What is evaluated once is laid beside the first evaluation: there a loop may begin.
        """
        mine = self.mine.evaluations.get(change.mine, [])
        right = self.right.evaluations.get(change.right, [])[: 1 if len(mine) == 1 else None]
        return list(zip(mine, right, strict=True)) if len(mine) == len(right) else []

    def first_pair(self, change: Change) -> tuple[int, int] | None:
        """Return the first evaluations that a change lays side by side and that differ."""
        pairs = self.pairs(change)
        if not self._lies_otherwise(pairs):
            return next((pair for pair in pairs if not self._comparison.same(*pair)), None)
        return next((pair for pair in pairs if self.mine.id(pair[0]) != self.right.id(pair[1])), None)

    def _lies_otherwise(self, pairs: Sequence[tuple[int, int]]) -> bool:
        """Whether the student's arrays lie otherwise than the solution's, as in rows: not what is wrong."""
        if not pairs or self._alike(*pairs[0]) or not self._fits(*pairs[0]):
            return False
        return any(self.mine.id(mine) != self.right.id(right) for mine, right in pairs)

    def _put_in(self, change: Change) -> list[tuple[int, Array]]:
        """Return the student's evaluations with the arrays that a change puts in."""
        pairs = self.pairs(change)
        arrays = [(mine, self.right.array(right)) for mine, right in pairs]
        if not self._lies_otherwise(pairs):
            return arrays
        turned = [(mine, laid(array, self.mine.shape(mine))) for mine, array in arrays]
        return [(mine, array) for mine, array in turned if array is not None]

    def fits(self, change: Change) -> bool:
        """Whether a change puts in no single number for several."""
        mine, right = self.first_pair(change) or (0, 0)
        return self.right.array(right).size > 1 or self.mine.array(mine).size == 1

    def left_wrong(self, change: Change, since: int = 0) -> Wrong | None:
        """Return what stays wrong after a change that mends a result and spoils none; None after others.

        Args:
            since: the event from which on the value is changed.
        """
        put_in = self._put_in(change)
        self._comparison.work.spend(RERUN + len(self.mine.trace.events))
        arrays = [self.mine.array(mine) if mine < since else array for mine, array in put_in]
        wrong = self._wrong_among(self._rerun(change.mine, arrays)) if put_in else self._wrong
        had, left = (Counter(result for result, _ in each) for each in (self._wrong, wrong))
        mended = any((left[each] < had[each] - 1 and left[each] < 2) or not left[each] for each in had)
        return wrong if wrong < self._wrong and mended else None

    def matters(self, change: Change, left: Wrong) -> bool:
        """Whether the answers depend on what a change puts in: else it mends by switching something off."""
        if self._overflows:
            return True  # where numbers overflow, they are past all such differences
        arrays = [array for _, array in self._put_in(change)]
        self._comparison.work.spend(RERUN + len(self.mine.trace.events))
        others = [array + 1 if (array == np.rint(array)).all() else OTHERWISE * array for array in arrays]
        return not self._wrong_among(self._rerun(change.mine, others)) <= left

    # -- what may be tried --

    def changes(self, line: int, wanted: int | None = None, before: int = 0, but: str = "") -> list[Change]:
        """Return the changes inside a line that may mend it, the likeliest first.

        Args:
            wanted: an event of the solution whose value is missing in what is made of the line's.
            before: an event that comes after what is wrong.
            but: a function whose calls stay as they are: what goes wrong inside it is wrong there.
        """
        scored = list[tuple[float, Change]]()
        nodes = self.mine.trace.text.nodes
        inside = [n for n in self.mine.evaluations if nodes[n].line <= line <= nodes[n].end]
        good = {n for n in inside if nodes[n].kind in ("before", "after")}
        good |= {n for n in inside if but and nodes[n].kind == "call" and nodes[n].operation == but}
        if self._overflows:  # what is only compared switches that off
            unused = (n for n in inside if self._operands.isdisjoint(self.mine.evaluations[n]))
            good |= {n for n in unused if not self._is_whole(self.mine.evaluations[n][0])}
        for mine in (n for n in inside if n not in good):
            for right in self.right.evaluations:
                change = Change(mine, right)
                self._comparison.work.spend(2)
                pair = self.first_pair(change)
                if not pair or (before and pair[0] >= before) or not self._made_here(*pair):
                    continue
                same = wanted is not None and self.right.id(pair[1]) == self.right.id(wanted)
                first_only = len(self.pairs(change)) < len(self.right.evaluations[right])
                score = self._score(*pair) + 8 * (same and self._is_whole(pair[0])) - 4 * first_only
                scored.append((score, change))
        return [change for _, change in sorted(scored, key=lambda each: -each[0])]

    def _made_here(self, mine: int, right: int) -> bool:
        """Whether a value is made of right ones in its line; of a name, whether it has the shape at least."""
        node = self.mine.node(mine)
        if node.kind in COMPUTED:
            return all(self.mine.node(n).statement == node.statement for n in self._spoilt_inside(mine))
        return self._fits(mine, right) or self._is_whole(mine)

    def _spoilt_inside(self, mine: int) -> list[int]:
        events = self.mine.trace.events
        spoilt = (self._comparison.spoilt(events[each].values) for each in events[mine].operands)
        return [origin for each in spoilt for origin in each if origin < len(events)]

    def _alike(self, mine: int, right: int) -> bool:
        return self.mine.array(mine).shape == self.right.array(right).shape

    def _fits(self, mine: int, right: int) -> bool:
        return self._alike(mine, right) or laid(self.right.array(right), self.mine.shape(mine)) is not None

    def _score(self, mine: int, right: int) -> float:
        node, twin = self.mine.node(mine), self.right.node(right)
        odd, rest, hits = self._comparison.matched(self.mine.parts(mine), self.right.parts(right))
        target, twin_target = self.mine.target(mine), self.right.target(right)
        return (
            4.0 * bool(target and target == twin_target)
            + 2 * (target is not None and twin_target is not None)
            + 2 * min(hits, 2)
            - len(odd)
            - len(rest)
            + (node.operation == twin.operation)
            + 3 * (node.text == twin.text)
            + 2 * self._alike(mine, right)
            - 4 * (not self._fits(mine, right) and not self._is_whole(mine))
            - 6 * bool(self._spoilt_inside(mine))
            + (twin.text in self._quantities)
            + 3 * (self.mine.id(mine) == self.right.id(right))
        )

    # -- what a change that mends says --

    def cause(self, change: Change, mends: Mends) -> Cause:
        """Say what is wrong where a change mends.

        Args:
            mends: whether another change mends, too.
        """
        return self._said(*(self.first_pair(change) or (0, 0)), mends, DEPTH)

    def instead(self, change: Change, _: Mends) -> Cause:
        """Say only what belongs in the place of what a change replaces."""
        return self._instead(*(self.first_pair(change) or (0, 0)))

    def _said(self, mine: int, right: int, mends: Mends, depth: int) -> Cause:
        """Say what is wrong with a value; where it is not all of its statement, by its text."""
        cause = self._specific(mine, right, mends, depth) or self._instead(mine, right)
        subject, _, rest = cause.text.partition(" ")
        if subject == "it" and not self._is_whole(mine):
            return replace(cause, text=f"{self._quoted(mine)} {rest}")
        if subject == "its" and not self._is_whole(mine):
            what, _, rest = rest.partition(" ")
            return replace(cause, text=f"the {what} of {self._quoted(mine)} {rest}")
        return cause

    def _specific(self, mine: int, right: int, mends: Mends, depth: int) -> Cause | None:
        node, twin = self.mine.node(mine), self.right.node(right)
        if node.kind not in COMPUTED and not self._is_whole(mine):
            return None
        parts = self.mine.parts(mine), self.right.parts(right)
        for family, part in ((SUMS, "term"), (PRODUCTS, "factor")):
            if node.operation in family or twin.operation in family:
                one = parts[0] if node.operation in family else [mine]
                other = parts[1] if twin.operation in family else [right]
                if cause := self._too_many(mine, right, part, *self._comparison.matched(one, other)):
                    return cause
        if cause := self._by_numbers(mine, right):
            return cause
        odd, rest, hits = self._comparison.matched(*parts)
        through, squash = SQUASHED.get(node.operation, ""), SQUASHED.get(twin.operation, "")
        if squash and self.mine.id(mine) in {self.right.id(part) for part in parts[1]}:
            return Cause(f"it lacks {squash}", f"it lacks {squash}")
        if squash and through not in ("", squash) and not odd and not rest:
            return Cause(f"{through} stands in the place of {squash}", f"another function than {squash}")
        verbs = VERBS.get(node.operation, ""), VERBS.get(twin.operation, "")
        if hits and not odd and not rest and len(parts[0]) > 1 and all(verbs) and verbs[0] != verbs[1]:
            text = f"the right things are {verbs[0]}, where they should be {verbs[1]}"
            return Cause(text, text)
        alike = node.operation == twin.operation or (verbs[0] and verbs[0] == verbs[1])
        return self._inside(*parts, mends, depth, node.kind == "operation") if alike else None

    def _too_many(
        self, mine: int, right: int, part: str, odd: list[int], rest: list[int], hits: int
    ) -> Cause | None:
        """Say which terms or factors are too many or lacking, if they account for the difference."""
        if not hits or bool(odd) == bool(rest):
            return None
        less, more = (self.right.array(right), self.mine.array(mine))[:: 1 if odd else -1]
        others = [self.mine.array(leaf) for leaf in odd] or [self.right.array(leaf) for leaf in rest]
        try:
            total = sum(others[1:], others[0])
            sums = [less + total, less - total] if part == "term" else [less * np.prod(others, axis=0)]
        except ValueError:
            return None
        if not any(close(each, more, 1e-8) for each in sums):
            return None
        if odd:
            texts = " and ".join(self._quoted(leaf) for leaf in odd)
            return Cause(f"{texts} is a {part} too many", f"a {part} too many")
        phrases = [self.phrase(leaf) for leaf in rest]
        text = f"it lacks a {part}: {' and '.join(phrases)}"
        return Cause(text, text) if all(phrases) else None

    def _inside(
        self, mine: list[int], right: list[int], mends: Mends, depth: int, several: bool = False
    ) -> Cause | None:
        """Say which part of two expressions of one operation is another one; of ``several``, the first."""
        in_order = zip(mine, right, strict=True) if len(mine) == len(right) < 3 else ()
        pairs = [pair for pair in in_order if not self._comparison.same(*pair)]
        if len(pairs) != 1:
            odd, rest, _ = self._comparison.matched(mine, right)
            pairs = [*zip(odd, rest, strict=True)] if len(odd) == len(rest) else []
        texts = [(self.mine.node(one).text, self.right.node(other).text) for one, other in pairs]
        named = all(one == other for one, other in texts)  # then a name in it holds something else
        if not pairs or not depth or (len(pairs) > 1 and not (named and several)):
            return None
        nodes = self.mine.node(pairs[0][0]).number, self.right.node(pairs[0][1]).number
        if not named and not mends(Change(*nodes)):
            return None
        return self._said(*pairs[0], mends, depth - 1)

    def _by_numbers(self, mine: int, right: int) -> Cause | None:
        """Say how a wrong value comes from the right one, where numbers tell."""
        made, wanted = self.mine.array(mine), self.right.array(right)
        if made.ndim == 2 and made.T.shape == wanted.shape and close(made.T, wanted, 1e-9):
            text = f"{self._quoted(mine)} is transposed the wrong way"
            if self.mine.node(mine).kind in COMPUTED:
                text = "it is transposed: rows and columns are swapped"
            return Cause(text, "transposed the wrong way")
        if made.size == wanted.size > 1 and close(made.ravel(), wanted.ravel(), 1e-9):
            text = f"its shape is {made.shape}, and should be {wanted.shape}; its numbers are right"
            return Cause(text, "right numbers in another shape")
        if made.shape != wanted.shape or is_neutral(wanted):
            return None
        text = "its sign is wrong; its numbers are right" if close(made, -wanted, 1e-9) else ""
        if not text and made.size > 1:
            with np.errstate(all="ignore"):
                ratio = made / wanted
            alike = np.isfinite(ratio).all() and np.allclose(ratio, ratio.flat[0], rtol=1e-8, atol=0)
            if alike and abs(ratio.flat[0]) > TINY:
                text = self._constant(mine, right, float(ratio.flat[0]))
        return Cause(text, text) if text else None

    def _constant(self, mine: int, right: int, factor: float) -> str:
        operands = self.mine.trace.events[mine].operands[:1]
        sizes = [size for each in operands for size in self.mine.shape(each) if size > 1]
        operation = self.mine.node(mine).operation
        if operation in ("mean", "average") and any(abs(1 / factor - size) < 1e-9 for size in sizes):
            return "it is averaged where it should be summed"
        if operation == "sum" and any(abs(factor - size) < 1e-9 for size in sizes):
            return "it is summed where it should be averaged"
        pairs = self.pairs(Change(self.mine.node(mine).number, self.right.node(right).number))
        arrays = [(self.mine.array(one), factor * self.right.array(other)) for one, other in pairs]
        always = all(close(made, wanted, 1e-7) for made, wanted in arrays)
        return f"it is {factor:.4g} times what it should be, everywhere" if always else ""

    def _instead(self, mine: int, right: int) -> Cause:
        quoted, phrase = self._quoted(mine), self.phrase(right)
        text = f"{quoted} stands in the place of {phrase}" if phrase else ""
        text = f"{quoted} holds another quantity" if phrase == quoted else text
        key = f"another quantity in the place of {phrase}"
        if text and self._is_whole(mine):
            text = key = "" if f"`{self.mine.target(mine)}`" == phrase else f"it should be {phrase}"
        return Cause(text, key, Change(self.mine.node(mine).number, self.right.node(right).number))

    def _is_whole(self, mine: int) -> bool:
        """Whether a node is all that a statement binds or returns."""
        return self.mine.target(mine) is not None

    def _quoted(self, mine: int) -> str:
        text = self.mine.node(mine).text
        return f"`{text}`" if len(text) <= SHORT else f"`{text[:SHORT]}…`"

    def phrase(self, right: int) -> str:
        """Return what the course calls the value of an event of the solution; empty if it has no name."""
        side, array = self.right, self.right.array(right)
        self._comparison.work.spend(len(side.trace.events) // 4)
        alike = [
            n for n in side.by_id.get(side.id(right), ()) if side.shape(n) in (array.shape, array.T.shape)
        ]
        if not array.shape and not array:
            return ""  # any quantity may be 0 once
        neutral = side.is_neutral(right)  # which much may be: only its own name is sure
        for text in (side.node(n).text for n in (right, *([] if neutral else alike))):
            if name := self._quantities.get(text.removesuffix(".T")):
                return f"{name}, transposed" if text.endswith(".T") else name
        return "an array of zeros" if array.size > 1 and not array.any() else ""

    # -- where the value of a name comes from --

    def held(self, change: Change) -> Cause:
        """Say what the name that a change replaces should hold; the text is empty if it replaces no name."""
        mine, right = self.first_pair(change) or (0, 0)
        phrase, name = self.phrase(right), f"`{base(self.mine.node(mine).text)}`"
        if self.mine.node(mine).text.endswith(".T"):
            phrase = phrase.removesuffix(", transposed")
        text = f"{name} holds another quantity" if phrase == name else f"{name} should hold {phrase}"
        named = self.mine.node(mine).kind not in COMPUTED and not self.right.is_neutral(right)
        bound = self.names.binding(mine)
        walked = bound and bound.kind == "For" and not self.names.is_walked(self.names.leaf(mine))
        named = named and bound is not None and not walked
        return Cause(text if named and phrase else "", f"what should hold {phrase} holds something else")

    def names_in(self, mine: int, right: int) -> list[int]:
        """Return the names that a value is computed from, and not the solution's; of a name, itself."""
        parts = self.mine.parts(mine)
        odd = parts if parts == [mine] else self._comparison.matched(parts, self.right.parts(right))[0]
        return list(dict.fromkeys(map(self.names.leaf, odd)))[:FEW_NAMES]

    def of_one_part(self, mine: int, right: int) -> Change | None:
        """Return the change of the only part of a value that is not one of the solution's."""
        alike = (n for n in self.right.by_id[self.right.id(right)] if self.right.node(n).kind in COMPUTED)
        parts = self.mine.parts(mine), self.right.parts(next(alike, right))
        odd, rest, _ = self._comparison.matched(*parts)
        if len(odd) != 1 or len(rest) != 1 or odd == [mine]:
            return None
        return Change(self.mine.node(odd[0]).number, self.right.node(rest[0]).number)

    def not_handed_out(self, change: Change) -> tuple[int, Cause] | None:
        """Find where a helper returns a value in the place of one that it keeps for itself."""
        pair, trusted = self.first_pair(change), self._comparison.trusted
        if pair is None or self.mine.is_neutral(pair[0]):
            return None
        own = {self.mine.node(n).function for n in self.mine.by_id.get(self.mine.id(pair[0]), ())}
        others = {self.mine.node(n).function for n in self.mine.by_id.get(self.right.id(pair[1]), ())}
        statements = self.mine.trace.text.statements
        ends = [
            statements[event.node.statement].line
            for event in self.mine.trace.events[: pair[0]]
            if event.node.function in (own & others).difference(trusted, {self._comparison.function})
            and statements[event.node.statement].kind == "Return"
        ]
        if not ends or self.mine.node(pair[0]).function in others:
            return None
        phrase = self.phrase(pair[1])
        text = f"it returns another quantity in the place of {phrase}" if phrase else ""
        return max(ends), Cause(text, text)

    def set_too_seldom(self, mine: int, right: int) -> tuple[int, Cause] | None:
        """Find where a name gets its first value, where the solution's has that again and it has not."""
        name = self.mine.node(mine).text
        begins = self.names.beginning(mine) if self.right.is_neutral(right) else None
        if begins is None or not self.holds_another(mine, right):
            return None
        return self.names.guard(begins), Cause(RARE.replace("a name", f"`{name}`"), RARE)

    def holds_another(self, mine: int, right: int) -> bool:
        """Whether a name is the solution's, and holds something else before its statement binds it.

        Or it begins with zeros, or what tells as little, in the place of an argument.
        """
        node, bound, begin = self.mine.node(mine), self.names.binding(mine), self.right.array(right)
        blank = bound and self.mine.is_neutral(mine) and not self.right.is_neutral(right)
        if blank and any(np.array_equal(begin, each) for each in self._comparison.given):
            return True
        target = self.mine.trace.text.statements[node.statement].target
        if bound and "[" in bound.target and self.names.serves(mine):
            return False  # an entry was changed, and rightly
        return node.text == self.right.node(right).text and node.text != target
