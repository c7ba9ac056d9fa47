"""States why a line is wrong: by a change that was tried, and that mends the answers to two questions.

Some value in the line is replaced by one that the solution has, evaluation after evaluation, and the
student's function is called again. If that makes more of its results right, what belongs there is known;
laid side by side, the two say what is missing, too much, or another quantity. No other cause is ever stated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from grader.checks.locate.explain import PRODUCTS, Explainer, base
from grader.checks.locate.locate import SUMS, close, is_neutral
from grader.checks.locate.trace import COMPUTED, Node, Trace
from grader.sandbox.values import Array

MAX_TRIES, FEW_TRIES = 16, 12  # changes that are tried at a line, and where a name was bound
RERUN = 500  # units of work of another call, beside its evaluations
DEPTH = 3  # expressions inside expressions that are laid side by side
TINY = 1e-6  # a factor below which a value is not told as a multiple of the right one
SHORT = 60  # characters of a quoted expression
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

Wrong = set[tuple[int, int]]
"""Numbers of results, each with a step of its time axis, or -1."""
Rerun = Callable[[int, Sequence[Array]], "tuple[Array, ...] | None"]


@dataclass(frozen=True)
class Change:
    """A value of the student's, by its node, and the solution's that is tried in its place."""

    mine: int
    right: int


@dataclass(frozen=True)
class Cause:
    """What is wrong with a line.

    Args:
        kind: of mistake; the same for the same mistake in other code.
        text: a clause about the line's value, in the course's words.
        key: the same without the student's own names.
        change: of one value for another, if that is all that is wrong.
    """

    kind: str
    text: str
    key: str
    change: Change | None = None


class Trial:
    """One question on which changes are tried.

    Args:
        rerun: calls the student's function with a node's values replaced; returns its results.
    """

    def __init__(self, roles: Explainer, rerun: Rerun) -> None:
        self.roles, self._rerun = roles, rerun
        self.mine, self.right = roles.mine, roles.right
        self._evaluations = {id(trace): _evaluations(trace) for trace in (self.mine, self.right)}
        self._wrong = self._wrong_among([self.mine.values[value] for value in self.mine.result or ()])

    def _wrong_among(self, results: Sequence[Array]) -> Wrong:
        """Return which results are wrong by their numbers, of those with a time axis the steps."""
        wanted = [self.right.values[value] for value in self.right.result or ()]
        if len(results) != len(wanted):
            return {(number, -1) for number in range(-1, len(wanted))}
        wrong: Wrong = set()
        for number, (got, right) in enumerate(zip(results, wanted, strict=True)):
            if got.shape != right.shape or right.ndim != 3:
                wrong |= (
                    set()
                    if close(got, right)
                    else {(number, step) for step in range(-1, len(right))}
                    if right.ndim == 3
                    else {(number, -1)}
                )
            else:
                wrong |= {(number, step) for step in range(len(right)) if not close(got[step], right[step])}
        return wrong

    def pairs(self, change: Change) -> list[tuple[int, int]]:
        """Return the evaluations that a change lays side by side; none if there is not one for each."""
        mine = self._evaluations[id(self.mine)].get(change.mine, [])
        right = self._evaluations[id(self.right)].get(change.right, [])
        return list(zip(mine, right, strict=True)) if len(mine) == len(right) else []

    def left_wrong(self, change: Change) -> Wrong | None:
        """Return what stays wrong after a change that mends a result and spoils none; None after others."""
        pairs = self.pairs(change)
        self.roles.comparison.work.spend(RERUN + len(self.mine.events))
        results = self._rerun(change.mine, [self.roles.array(self.right, right) for _, right in pairs])
        wrong = self._wrong if results is None or not pairs else self._wrong_among(results)
        had, left = (Counter(result for result, _ in each) for each in (self._wrong, wrong))
        mended = any((left[each] < had[each] - 1 and left[each] < 2) or not left[each] for each in had)
        return wrong if wrong < self._wrong and mended else None

    # -- what may be tried --

    def changes(self, line: int) -> list[Change]:
        """Return the changes inside a line that may mend it, the likeliest first."""
        scored = list[tuple[float, Change]]()
        for mine in self._evaluations[id(self.mine)]:
            node = self.mine.text.nodes[mine]
            if node.line <= line <= node.end and node.kind not in ("before", "after"):
                for right in self._evaluations[id(self.right)]:
                    change = Change(mine, right)
                    self.roles.comparison.work.spend(2)
                    different = (pair for pair in self.pairs(change) if not self.roles.same(*pair))
                    pair = next(different, None)
                    if pair and self._made_here(*pair):
                        scored.append((self._score(change, *pair), change))
        return [change for _, change in sorted(scored, key=lambda each: -each[0])][:MAX_TRIES]

    def _made_here(self, mine: int, right: int) -> bool:
        """Whether a value is made of right ones in its line; of a name, whether it has the shape at least."""
        event, wrong = self.mine.events[mine], self.roles.comparison.wrong_keys
        if event.node.kind in COMPUTED:
            return not any(len(wrong(self.mine.events[operand].values)) for operand in event.operands)
        shapes = self.roles.array(self.mine, mine).shape, self.roles.array(self.right, right).shape
        return shapes[0] == shapes[1] or self._is_whole(event.node)

    def _score(self, change: Change, mine: int, right: int) -> float:
        node, twin = self.mine.text.nodes[change.mine], self.right.text.nodes[change.right]
        odd, rest, hits = self.roles.matched(*self._parts(mine, right))
        targets = {_target(self.mine, node), _target(self.right, twin)}
        return (
            4.0 * (len(targets) == 1 and targets != {""})
            + 2 * min(hits, 2)
            - len(odd)
            - len(rest)
            + (node.operation == twin.operation)
            + 3 * (node.text == twin.text)
            + (node.function == twin.function)
            + 2 * (self.roles.array(self.mine, mine).shape == self.roles.array(self.right, right).shape)
            + 2 * self.roles.lacks(right)
            + (twin.text in self.roles.quantities)
            + 0.01 * min(len(node.text), SHORT)
        )

    def _parts(self, mine: int, right: int) -> tuple[list[int], list[int]]:
        return self.roles.parts(self.mine, mine), self.roles.parts(self.right, right)

    # -- what a change that mends says --

    def phrase(self, right: int) -> str:
        """Return what the course calls the value of an event of the solution; empty if it has no name."""
        return self.roles.phrase(right)

    def cause(self, change: Change, proof: Proof) -> Cause:
        """Say what is wrong where a change mends.

        Args:
            proof: asks whether another change mends, too.
        """
        mine, right = self._different(change)
        return self._specific(mine, right, proof, DEPTH) or self._instead(mine, right)

    def _specific(self, mine: int, right: int, proof: Proof, depth: int) -> Cause | None:
        node, twin = self.mine.events[mine].node, self.right.events[right].node
        if node.kind not in COMPUTED and not self._is_whole(node):
            return None
        made, wanted = self.roles.array(self.mine, mine), self.roles.array(self.right, right)
        parts = self._parts(mine, right)
        operations = {node.operation, twin.operation}
        for family, part in ((SUMS, "term"), (PRODUCTS, "factor")):
            if not operations & set(family):
                continue
            odd, rest, hits = self.roles.matched(
                parts[0] if node.operation in family else [mine],
                parts[1] if twin.operation in family else [right],
            )
            if not hits or bool(odd) == bool(rest):
                continue
            others = [
                self.roles.array(*(self.right, leaf) if rest else (self.mine, leaf)) for leaf in odd or rest
            ]
            if not _accounts(part, *((wanted, made) if odd else (made, wanted)), others):
                continue
            if odd:
                texts = " and ".join(_quoted(self.mine.events[leaf].node) for leaf in odd)
                return Cause(f"extra {part}", f"{texts} is a {part} too many", f"a {part} too many")
            phrases = [self.phrase(leaf) for leaf in rest]
            if all(phrases):
                text = f"it lacks a {part}: {' and '.join(phrases)}"
                return Cause(f"missing {part}", text, text)
        if found := self._by_numbers(made, wanted, mine):
            inside = self._inside(parts, proof, depth) if found.kind == "sign" else None
            return inside or found
        odd, rest, _ = self.roles.matched(*parts)
        if not odd and not rest and len(parts[0]) > 1 and len(operations) == 2:
            verbs = VERBS.get(node.operation, ""), VERBS.get(twin.operation, "")
            if all(verbs) and verbs[0] != verbs[1]:
                text = f"the right things are {verbs[0]}, where they should be {verbs[1]}"
                return Cause("operation", text, text)
        return self._inside(parts, proof, depth) if node.operation == twin.operation else None

    def _inside(self, parts: tuple[list[int], list[int]], proof: Proof, depth: int) -> Cause | None:
        """Say which one part of two expressions of the same operation is another one."""
        mine, right = parts
        if len(mine) == len(right) and len(mine) < 3:
            pairs = [pair for pair in zip(mine, right, strict=True) if not self.roles.same(*pair)]
        else:
            odd, rest, _ = self.roles.matched(mine, right)
            pairs = list(zip(odd, rest, strict=False)) if len(odd) == len(rest) else []
        if len(pairs) != 1 or not depth:
            return None
        nodes = self.mine.events[pairs[0][0]].node.number, self.right.events[pairs[0][1]].node.number
        if not proof.left_wrong(Change(*nodes)):
            return None
        return self._specific(*pairs[0], proof, depth - 1) or self._instead(*pairs[0])

    def _by_numbers(self, made: Array, wanted: Array, mine: int) -> Cause | None:
        """Say how a wrong value comes from the right one, where numbers tell."""
        text, kind = "", ""
        if made.ndim == 2 and made.T.shape == wanted.shape and close(made.T, wanted, 1e-9):
            node = self.mine.events[mine].node
            turned = "it is transposed: rows and columns are swapped"
            named = f"{_quoted(node)} is transposed the wrong way"
            kind, text = "transposed", turned if node.kind in COMPUTED else named
        elif made.size == wanted.size > 1 and close(made.ravel(), wanted.ravel(), 1e-9):
            kind, text = (
                "shape",
                f"its shape is {made.shape}, and should be {wanted.shape}; its numbers are right",
            )
        elif made.shape != wanted.shape or is_neutral(wanted):
            return None
        elif close(made, -wanted, 1e-9):
            kind, text = "sign", "its sign is wrong; its numbers are right"
        elif made.size > 1:
            with np.errstate(all="ignore"):
                ratio = made / wanted
            alike = np.isfinite(ratio).all() and np.allclose(ratio, ratio.flat[0], rtol=1e-8, atol=0)
            if alike and abs(ratio.flat[0]) > TINY:
                kind, text = self._constant(mine, float(ratio.flat[0]))
        keys = {"transposed": "transposed the wrong way", "shape": "right numbers in another shape"}
        key = keys.get(kind, text)
        return Cause(kind, text, key) if kind else None

    def _constant(self, mine: int, factor: float) -> tuple[str, str]:
        event = self.mine.events[mine]
        operands = [
            self.roles.array(self.mine, n) for n in event.operands if len(self.mine.events[n].values) == 1
        ]
        sizes = {float(size) for operand in operands[:1] for size in operand.shape if size > 1}
        operation = event.node.operation
        if operation in ("mean", "average") and any(abs(1 / factor - size) < 1e-9 for size in sizes):
            return "mean", "it is averaged where it should be summed"
        if operation == "sum" and any(abs(factor - size) < 1e-9 for size in sizes):
            return "mean", "it is summed where it should be averaged"
        return "constant", f"it is {factor:.4g} times what it should be, everywhere"

    def _instead(self, mine: int, right: int) -> Cause:
        node, phrase = self.mine.events[mine].node, self.phrase(right)
        text, key = (
            f"{_quoted(node)} stands in the place of {phrase}",
            f"another quantity in the place of {phrase}",
        )
        if not phrase or phrase == _quoted(node):
            text = ""
        elif self._is_whole(node):
            text = key = f"it should be {phrase}"
        return Cause("instead", text, key, Change(node.number, self.right.events[right].node.number))

    def _is_whole(self, node: Node) -> bool:
        """Whether a node is all that a statement binds or returns."""
        return node.statement >= 0 and self.mine.text.statements[node.statement].value == node.text

    def held(self, change: Change) -> Cause:
        """Say what the name that a change replaces should hold; the text is empty if it replaces no name."""
        mine, right = self._different(change)
        phrase, name = self.phrase(right), f"`{base(self.mine.events[mine].node.text)}`"
        text = f"{name} holds another quantity" if phrase == name else f"{name} should hold {phrase}"
        named = self.mine.events[mine].node.kind not in COMPUTED and not self.roles.is_plain(right)
        named = named and self.roles.is_assigned(mine)
        return Cause(
            "held", text if named and phrase else "", f"what should hold {phrase} holds something else"
        )

    def bound(self, change: Change) -> int | None:
        """Return the line that bound a name that a change replaces."""
        return self.roles.bound_line(self._different(change)[0])

    def source(self, change: Change) -> int | None:
        """Return the line that is to blame for a value that a change replaces, if it is not its own."""
        return self.roles.source(*self._different(change))

    def parts_of(self, change: Change, changes: Sequence[Change]) -> list[Change]:
        """Return the changes of a part of what a change replaces, for a value of the same shape.

        The values that it makes are not wanted inside it: what leaves them as they are is to blame itself.
        """
        (number, wanted), events = self._different(change), self.mine.events
        waiting, inside = [number], set[int]()
        while waiting:
            each = waiting.pop()
            parts = [
                part for part in events[each].operands if events[part].node.line >= events[number].node.line
            ]
            waiting += [part for part in parts if events[part].node.number not in inside]
            inside |= {events[part].node.number for part in parts}
        found = []
        for other in changes:
            if other.mine in inside and other.mine != change.mine:
                mine, right = self._different(other)
                alike = self.roles.array(self.mine, mine).shape == self.roles.array(self.right, right).shape
                if alike and not self.roles.is_same_of_solution(right, wanted):
                    found.append(other)
        return found

    def _different(self, change: Change) -> tuple[int, int]:
        """Return the first evaluations that a change lays side by side and that differ."""
        return next(pair for pair in self.pairs(change) if not self.roles.same(*pair))


class Proof:
    """Changes that were tried on two independent questions."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self._trials = trials
        self._known = dict[Change, "list[Wrong] | None"]()

    def left_wrong(self, change: Change) -> list[Wrong] | None:
        """Return by question which results stay wrong after a change; None if it does not mend both."""
        if change not in self._known:
            left = list[Wrong]()
            for trial in self._trials:
                wrong = trial.left_wrong(change)
                if wrong is None:
                    break
                left.append(wrong)
            self._known[change] = left if len(left) == len(self._trials) else None
        return self._known[change]

    def cause(self, line: int, better: Sequence[Wrong] = (), tries: int = MAX_TRIES) -> Cause | None:
        """Return the cause of a wrong line, without a text if what mends has no name; None if nothing does.

        Args:
            better: results that may stay wrong, and no others.
        """
        nameless, changes = None, self._trials[0].changes(line)[:tries]
        for change in changes:
            cause = self._stated(change, better)
            if cause and cause.change:  # perhaps a part of it mends as much
                left, inner = self.left_wrong(change) or (), self._trials[0].parts_of(cause.change, changes)
                parts = (self._stated(part, left) for part in inner)
                cause = next((part for part in parts if part and part.text), cause)
            if cause and cause.text:
                return cause
            nameless = nameless or cause
        return nameless

    def _stated(self, change: Change, better: Sequence[Wrong]) -> Cause | None:
        """Return what is wrong where a change mends, if all questions agree."""
        left = self.left_wrong(change)
        if not left or not all(wrong <= other for wrong, other in zip(left, better or left, strict=True)):
            return None
        causes = [trial.cause(change, self) for trial in self._trials]
        return causes[0] if len({cause.key for cause in causes}) == 1 else None

    def source(self, line: int) -> tuple[int, Cause | None]:
        """Return the line that is to blame for a wrong one, and the cause.

        Where a wrong value has a name, the line that bound it is asked, too: it is to blame if a change there
        mends as much, or if nothing right is made of that value.
        """
        cause, trial = self.cause(line), self._trials[0]
        for _ in range(DEPTH):
            if cause is None or cause.change is None:
                break
            above, left, found = trial.bound(cause.change), self.left_wrong(cause.change) or (), None
            if above is not None and above != line:
                found = self.cause(above, left, FEW_TRIES)
            if not found:
                above = trial.source(cause.change)
            if above is None or above == line:
                break
            line, cause = above, found if found and found.text else trial.held(cause.change)
        return line, cause


def _evaluations(trace: Trace) -> dict[int, list[int]]:
    """Return by node its events in their order, where each had one value."""
    found = dict[int, list[int]]()
    for number, event in enumerate(trace.events):
        found.setdefault(event.node.number, []).append(number)
    single = {node for node, events in found.items() if all(len(trace.events[n].values) == 1 for n in events)}
    return {node: events for node, events in found.items() if node in single}


def _accounts(part: str, less: Array, more: Array, others: Sequence[Array]) -> bool:
    """Whether some terms or factors are all that one value has more than another."""
    try:
        if part == "factor":
            for other in others:
                less = less * other
            return close(less, more, 1e-8)
        total = sum(others[1:], others[0])
        return close(less + total, more, 1e-8) or close(less - total, more, 1e-8)
    except ValueError:
        return False


def _target(trace: Trace, node: Node) -> str:
    """Return what a statement binds, if a node is all that it binds to it."""
    if node.statement < 0:
        return ""
    statement = trace.text.statements[node.statement]
    return statement.target if statement.value == node.text else ""


def _quoted(node: Node) -> str:
    text = node.text if len(node.text) <= SHORT else f"{node.text[:SHORT]}…"
    return f"`{text}`"
