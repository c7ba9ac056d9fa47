"""Explains what is wrong in a comparison: wrong values, right ones in wrong places, order of steps."""

from __future__ import annotations

import numpy as np

from grader.checks.locate.locate import close, is_neutral
from grader.checks.locate.roles import PLACE, UNKNOWN, Finding, Roles
from grader.checks.locate.trace import COMPUTED, Trace
from grader.sandbox.values import Array


class Explainer(Roles):
    """Explains the culprits of one comparison, and what has none."""

    # -- right values in wrong places --

    def misplaced(self, output: int) -> Finding:
        """Explain a result that is wrong although all its numbers are right ones."""
        mine, right = (self.mine.result or ())[output], (self.right.result or ())[output]
        got, wanted = self.mine.values[mine], self.right.values[right]
        name = self.results[output] if output < len(self.results) else "the result"
        value = self._wrong_piece(mine, wanted)
        events = enumerate(self.mine.events)
        uses = [n for n, event in events if value in event.values and event.node.function == self.function]
        uses = uses or [n for n, event in enumerate(self.mine.events) if value in event.values]
        single = [number for number in uses if len(self.mine.events[number].values) == 1]
        makers = [number for number in single if self.mine.events[number].node.kind in COMPUTED]
        if not uses:
            return Finding(UNKNOWN, self._last_line(), outputs=(output,))
        last = (single or uses)[-1]
        line = self.mine.events[last].node.line
        telling = not is_neutral(wanted)
        if telling and self._id(self.mine, mine) == self._id(self.right, right):
            how = _form(got, wanted)
            line = self.mine.events[(makers or uses)[0]].node.line
            return Finding("form", line, f"`{name}` {how}", f"{name} {how}", uses[0], (output,))
        if telling and self._id(self.right, right) in self._own:
            cause = f"another quantity is returned as `{name}`; the right one is computed"
            said = self._returns(line) and self.comparison.is_right(mine)
            return Finding("returned" if said else PLACE, line, cause, cause, last, (output,))
        bound = self._binding(last) if self.mine.events[last].node.kind == "name" else None
        line = (bound or self.mine.events[(makers or [last])[0]].node).line
        return Finding(PLACE, line, event=last, outputs=(output,))

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
        lines = [s.line for s in self.mine.text.statements if s.kind == "Return"]
        return max(lines, default=1)

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
    findings = [explainer.explain(culprit) for culprit in culprits]
    explained = {output for culprit in culprits for output in culprit.outputs}
    for output in comparison.wrong_results:
        if output not in explained:
            findings.append(explainer.misplaced(output))
    ordered = explainer.order_of_steps() if comparison.wrong_results else None
    votes: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        votes.setdefault((finding.line, finding.kind), []).append(finding)

    def rank(group: list[Finding]) -> tuple[bool, bool, int, int]:
        first = group[0]
        outputs = len({output for finding in group for output in finding.outputs})
        weak = first.kind in (UNKNOWN, PLACE)
        return (
            first.kind not in ("bound",),
            weak,
            -outputs if first.kind == "bound" else 0,
            first.event,
        )

    ranked = [group[0] for group in sorted(votes.values(), key=rank)]
    return [ordered, *ranked] if ordered else ranked
