"""States why a line is wrong: by a change that was tried, and that mends the answers to two questions.

If it makes more of the results right, what belongs in its place is known. No other cause is ever stated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.checks.locate.names import Names
from grader.checks.locate.trial import DEPTH, Cause, Change, Trial, Wrong

MAX_TRIES, FEW_TRIES = 16, 12  # changes that are tried at a line, and where a name was bound
MULTIPLE = re.compile(r"is \S+ times what it should be, everywhere")
OTHERS = "is a multiple of what it should be, and not always the same one"


def stale(names: Names, then: tuple[int, int], now: tuple[int, int]) -> tuple[int, Cause] | None:
    """Find a name that keeps its first value where the solution's changes from step to step.

    Args:
        then, now: two evaluations of an expression, the student's and the solution's; the first ones agree.

    Returns:
        The line that makes what the name should hold by now, else the one beside which it should be made,
        the one that uses it or the one that gives it its first value, and the cause.
    """
    if found := names.stale(then, now):
        line, name, does = found
        return line, Cause(does.replace("a name", f"`{name}`"), does)
    return None


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

    def cause(
        self,
        line: int,
        better: Sequence[Wrong] = (),
        tries: int = MAX_TRIES,
        wanted: int | None = None,
        before: int = 0,
        but: str = "",
    ) -> Cause | None:
        """Return the cause of a wrong line, without a text if what mends has no name; None if nothing does.

        Args:
            better: results that may stay wrong, and no others.
        """
        nameless, changes = None, self._trials[0].changes(line, wanted, before, but)[:tries]
        for change in changes:
            cause = self._stated(change, better)
            if cause and before and self._mends_later(change, before):
                continue
            if cause and cause.text:
                return cause
            nameless = nameless or cause
        return nameless

    def _stated(self, change: Change, better: Sequence[Wrong]) -> Cause | None:
        """Return what is wrong where a change mends, if all questions agree."""
        left = self.left_wrong(change)
        if not left or not all(wrong <= other for wrong, other in zip(left, better or left, strict=True)):
            return None
        if not all(trial.matters(change, wrong) for trial, wrong in zip(self._trials, left, strict=True)):
            return Cause("", "")
        for say in (Trial.cause, Trial.instead):  # what is told of one question may not hold for another
            causes = [say(trial, change, self.left_wrong) for trial in self._trials]
            if len({cause.key for cause in causes}) == 1:
                return causes[0]
            if all(MULTIPLE.search(cause.text) for cause in causes):
                text = MULTIPLE.sub(OTHERS, causes[0].text)
                return Cause(text, OTHERS, change)
        return None

    def _mends_later(self, change: Change, before: int) -> bool:
        """Whether a change mends as much if nothing is changed before an event: it is not wrong before it."""
        later, left = self._trials[0].left_wrong(change, before), self.left_wrong(change)
        return later is not None and left is not None and later <= left[0]

    def from_names(
        self, line: int, number: int, event: int, left: Sequence[Wrong]
    ) -> tuple[int, Cause | None]:
        """Return the first line that bound a name in an event's text in which a change mends as much."""
        for place, above in enumerate(self._trials[0].names.sources(number)):
            found = self.cause(above, left, FEW_TRIES, before=event)
            if found and found.change and not self._trials[0].fits(found.change):
                continue
            if found and (found.key or not place):  # far away, what only switches something off is no cause
                return above, found
        return line, None

    def _where_bound(
        self, line: int, leaf: int, pair: tuple[int, int], left: Sequence[Wrong]
    ) -> Cause | None:
        """Return the cause of a line that bound a name, or gave a helper its argument; None if it has none.

        Args:
            leaf: the event of the name.
            pair: evaluations that a change lays side by side.
            left: what stays wrong after that.
        """
        trial, is_all = self._trials[0], leaf == pair[0]
        of_helper = trial.names.binding(leaf) is None  # an argument, of which all are replaced
        wanted, before = pair[1] if is_all else None, 0 if of_helper else pair[0]
        but = trial.mine.node(leaf).function if of_helper else ""
        found = self.cause(line, left, FEW_TRIES, wanted, before, but)
        made = trial.first_pair(found.change) if found and found.change and not is_all else None
        instead = made and trial.right.id(made[1]) == trial.right.id(pair[1])
        return None if instead else found  # which only takes the place of the operation

    def _narrowed(self, pair: tuple[int, int], left: Sequence[Wrong]) -> Change | None:
        """Return a change of the only part in which two values differ, if it mends as much."""
        change = self._trials[0].of_one_part(*pair)
        less = self.left_wrong(change) if change else None
        mends = less is not None and all(one <= other for one, other in zip(less, left, strict=True))
        return change if mends else None

    def source(self, line: int, event: int, names: bool = True) -> tuple[int, Cause | None]:
        """Return the line that is to blame for a wrong one, and the cause.

        Where nothing mends a helper's line, its caller's is asked. Where a value has a name, the line that
        bound it is asked, too: it is to blame if a change there mends as much, or if the solution's name of
        the same text holds what belongs there.

        Args:
            event: number of the evaluation that went wrong.
            names: whether the lines that bound other names in it are asked.
        """
        trial, asked = self._trials[0], [line]
        cause = self.cause(line, before=trial.mine.after(event))
        above = trial.names.caller_line(event) if cause is None else None
        if above and (found := self.cause(above, (), FEW_TRIES, but=trial.mine.node(event).function)):
            line, cause = above, found
        if names and cause is None and event < len(trial.mine.trace.events):
            line, cause = self.from_names(line, event, event, ())
        asked.append(line)
        for _ in range(DEPTH):
            pair = trial.first_pair(cause.change) if cause and cause.change else None
            if cause is None or cause.change is None or pair is None:
                break
            if pair != (first := trial.pairs(cause.change)[0]) and (kept := stale(trial.names, first, pair)):
                return kept
            left = self.left_wrong(cause.change) or ()
            for leaf in trial.names_in(*pair):
                above, is_all = trial.names.bound_line(leaf), leaf == pair[0]
                once = is_all and len(trial.mine.evaluations[trial.mine.node(leaf).number]) == 1
                serves = once and not trial.mine.is_neutral(leaf) and trial.names.serves(leaf)
                serves = serves or trial.names.is_the_solutions(leaf)
                if above is None or above in asked or serves:
                    continue
                found = self._where_bound(above, leaf, pair, left)
                if not found and is_all and (rare := trial.set_too_seldom(*pair)):
                    return rare
                change = cause.change if is_all else self._narrowed(pair, left) or cause.change
                walked = trial.names.is_walked(leaf) and trial.held(change).text
                if found or (is_all and trial.holds_another(*pair)) or walked:
                    line, cause = above, found if found and found.text else trial.held(change)
                    break
            else:
                if names:
                    above, found = self.from_names(line, pair[0], min(event, pair[0]), left)
                    line, cause = (above, found) if found and above not in asked else (line, cause)
            if line == asked[-1]:
                break
            asked.append(line)
        inside = trial.not_handed_out(cause.change) if cause and cause.change else None
        return inside or (line, cause)
