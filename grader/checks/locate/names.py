"""What the names in a student's recorded call were bound to, and which of them holds the wrong value."""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Sequence

from grader.checks.locate.comparison import Comparison
from grader.checks.locate.trace import COMPUTED, Statement

FEW_LINES = 6  # that bound the names in an expression, and are asked
NAME = r"(?:self\.)?[^\W\d]\w*"
BEGINS = rf"(np\.)?zeros|{NAME}(\.copy\(\))?$|\d"  # of what a name is before a loop
STALE, RESET = "a name still holds its first value", "a name gets its first value again here"
UNUSED = "a name should hold it from here on, and still holds its first value"
UNMADE = "a name should be made anew beside it, and still holds its first value"
RARE = "a name should get its first value again more often"


def base(text: str) -> str:
    """Return the name that an expression begins with; empty if it begins with none."""
    found = re.match(NAME, text)
    return found[0] if found else ""


class Names:
    """What the names in a student's recorded call were bound to, as the computation went."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison, self._mine, self._right = comparison, comparison.mine, comparison.right
        self._events, self._statements = self._mine.trace.events, self._mine.trace.text.statements
        self._bindings: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for number, event in enumerate(self._events):
            if event.node.statement >= 0:
                for name in self._statements[event.node.statement].binds:
                    places = self._bindings.setdefault((event.node.function, name), [])
                    places.append((number, event.node.statement))

    def binding(self, number: int, name: str = "") -> Statement | None:
        """Return the statement that bound the name that an event reads, or another one in its text."""
        self._comparison.work.spend(len(self._events) // 4)
        own = self._events[number].node.statement
        found = [each for at, each in self._places(number, name) if at < number and each != own]
        return self._statements[found[-1]] if found else None

    def leaf(self, number: int) -> int:
        """Return the name whose value an event passes on, perhaps in another form; else itself."""
        operands = self._counting(number)
        while len(operands) == 1 and (
            self._mine.node(number).kind in COMPUTED or self._mine.id(number) == self._mine.id(operands[0])
        ):
            number = operands[0]
            operands = self._counting(number)
        return number

    def _counting(self, number: int) -> list[int]:
        """Return what an event's value is made of; of parts of an array, without the sizes of the parts."""
        operands, whole = self._events[number].operands, self._mine.trace.whole
        counting = [n for n in operands if whole.isdisjoint(self._events[n].values)]
        return counting if len(operands) == 1 or len(self._events[number].values) > 1 else [*operands]

    def bound_line(self, number: int) -> int | None:
        """Return the line that bound what an event reads; of an argument of a helper, its caller's."""
        event = self._events[number]
        if event.node.kind not in ("name", "item", "attribute", "before"):
            return None
        if bound := self.binding(number):
            return bound.line
        return self.caller_line(number)

    def sources(self, number: int) -> list[int]:
        """Return the lines that bound the names in an event's text, then those that bound theirs."""
        event, found = self._events[number], dict[int, None]()
        texts = [event.node.text]
        for text in texts:
            for name in dict.fromkeys(re.findall(rf"(?<![\w.]){NAME}", text)):
                bound = self.binding(number, name) if len(found) < FEW_LINES else None
                if bound and bound.line not in (*found, event.node.line) and not self._is_good(number, name):
                    found[bound.line] = None
                    texts.append(self._mine.trace.text.lines[bound.line - 1])
        return list(found)

    def _is_good(self, number: int, name: str) -> bool:
        """Whether what a name holds at an event is what the solution calls so, or serves elsewhere."""
        function = self._events[number].node.function
        uses = (n for n in range(number, -1, -1) if self._events[n].node.text == name)
        last = next((n for n in uses if self._events[n].node.function == function), None)
        if last is None:
            return False
        if any(name in each.binds for each in self._right.trace.text.statements):
            return self.is_the_solutions(last)
        return not self._mine.is_neutral(last) and self.serves(last)

    def is_the_solutions(self, number: int) -> bool:
        """Whether the solution has the value that a name holds under the same name, bound as often."""
        name = self._mine.node(number).text
        times = bisect.bisect_left(self._named[0].get(name, ()), number)
        places = self._named[1].get(name, ())
        known = 0 < times <= len(places) and self._mine.array(number).any()  # zeros may be anything
        return bool(known) and self._comparison.same(number, places[times - 1])

    @functools.cached_property
    def _named(self) -> list[dict[str, list[int]]]:
        """By what is bound, the events whose values it is bound to; the student's, the solution's."""
        found: list[dict[str, list[int]]] = [{}, {}]
        for names, side in zip(found, (self._mine, self._right), strict=True):
            for number, event in enumerate(side.trace.events):
                if len(event.values) == 1 and (name := side.target(number)):
                    names.setdefault(name, []).append(number)
        return found

    def stale(self, then: tuple[int, int], now: tuple[int, int]) -> tuple[int, str, str] | None:
        """Find a name in an expression that nothing has bound since an earlier evaluation, when it was right.

        Args:
            then, now: evaluations of the expression, the student's and the solution's.

        Returns:
            A line, the name, and what it does or should do there.
        """
        mine, right = self._mine, self._right
        mine_ids = [mine.all_ids(event) for event in self._events[: now[0] + 1]]
        several = len(self._events[now[0]].values) > 1  # of which one change mends one
        inside, others = (
            [*zip(side.inside(first), side.inside(last), strict=False)]
            for side, first, last in zip((mine, right), then, now, strict=True)
        )
        for first, last in (map(self._handed, pair) for pair in inside):
            for pair in others if self._is_kept(first, last) else ():
                had, has = (right.all_ids(right.trace.events[n]) for n in pair)
                if had != mine_ids[last] or had == has:
                    continue
                node, name = mine.node(last), base(mine.node(last).text)
                if any(first < at <= last for at, _ in self._places(last)):
                    again = self.binding(last) if several else None
                    return (again.line, name, RESET) if again and re.match(BEGINS, again.value) else None
                before = (n for n in reversed(range(last)) if mine.node(n).function == node.function)
                made = next((n for n in before if {*has} <= {*mine_ids[n]}), None)
                if made is not None:
                    return mine.node(made).line, name, UNUSED
                beside = self.line_beside(last)
                return (beside, name, UNMADE) if beside else (node.line, name, STALE)
        return self._too_seldom(inside, others) if several else None

    def _too_seldom(
        self, mine: Sequence[tuple[int, int]], right: Sequence[tuple[int, int]]
    ) -> tuple[int, str, str] | None:
        """Find a name that has its first value no more, where the solution's has it again.

        Args:
            mine, right: what two evaluations of an expression are made of, first and last.
        """
        events = self._right.trace.events
        ids = [[self._right.all_ids(events[n]) for n in pair] for pair in right]
        for first, last in (map(self._handed, pair) for pair in mine):
            had, has = (self._mine.all_ids(self._events[n]) for n in (first, last))
            again = had != has and [had, had] in ids and has not in [later for _, later in ids]
            begins = self.beginning(last) if again and len(had) == 1 else None
            if begins and self._mine.is_neutral(first):
                return self.guard(begins), self._mine.node(last).text, RARE
        return None

    def line_beside(self, number: int, once: bool = False) -> int:
        """Return the last line that binds what the solution binds just before the name that an event reads.

        Args:
            once: whether the name has its first value only.

        Returns:
            0 for none.
        """
        bound = [each.binds for each in self._right.trace.text.statements if each.binds]
        name, function = base(self._mine.node(number).text), self._mine.node(number).function
        last = max((at for at, names in enumerate(bound) if name in names), default=0)
        before = {*bound[last - 1]} if last else set[str]()
        if once and not (self.beginning(number) and len({by for _, by in self._places(number)}) == 1):
            return 0
        binding = (each for each in self._mine.trace.text.inside(function) if before & {*each.binds})
        return max((each.line for each in binding), default=0)

    def beginning(self, number: int) -> Statement | None:
        """Return the statement that gives the name that an event reads its first value, and computes none."""
        bound = (self._statements[each] for _, each in self._places(number))
        return next((each for each in bound if re.match(BEGINS, each.value)), None)

    def guard(self, bound: Statement) -> int:
        """Return the line of the ``if`` around a statement, which says how often it runs; else its own."""
        lines = (
            each.line
            for each in self._statements
            if each.kind == "If" and each.line <= bound.line <= each.end
        )
        return max(lines, default=bound.line)

    def _handed(self, number: int) -> int:
        """Return what a helper's parameter was given where it was called; of other names, themselves."""
        event, name = self._events[number], self._mine.node(number).text
        asked = self._places(number) or event.node.function == self._comparison.function
        call = None if asked else self._comparison.caller(number)
        operands = () if call is None else self._events[call].operands
        given = [each for each in operands if self._events[each].values == event.values]
        given.sort(key=lambda each: self._mine.node(each).text != name)
        return self._handed(given[0]) if given else number

    def _places(self, number: int, name: str = "") -> list[tuple[int, int]]:
        """Return where a name that an event reads is bound: after which events, by which statements."""
        node = self._mine.node(number)
        kept = f"self.{node.text.rpartition('.')[2]}" if node.kind == "attribute" and not name else ""
        inside = [place for (_, each), places in self._bindings.items() if each == kept for place in places]
        return inside or self._bindings.get((node.function, name or base(node.text)), [])

    def _is_kept(self, then: int, now: int) -> bool:
        """Whether a name that was not handed in has the same value at two events."""
        first, last, text = self._events[then], self._events[now], self._right.trace.text
        named = last.node.kind in ("name", "attribute") and last.node.text == first.node.text
        named = named and then != now  # as in a branch that is not taken again
        own = self._places(now) or last.node.function == self._comparison.function
        name = base(last.node.text)
        known = any(node.text == name for node in text.nodes)
        known = known and not any(name in each.binds for each in text.statements)  # it is kept there, too
        return bool(named and own and not known and first.values == last.values)

    def caller_line(self, number: int) -> int | None:
        """Return the line of the call in which a helper's event happened; None of the asked function's."""
        asked = number == len(self._events) or self._mine.node(number).function == self._comparison.function
        caller = None if asked else self._comparison.caller(number)
        return None if caller is None else self._mine.node(caller).line

    def _called(self, number: int) -> str:
        """Return the name that an event reads; of what a method has put into an object, with the object's."""
        node = self._mine.node(number)
        return node.text if self.is_read_at(number) else base(node.text)

    def is_read_at(self, number: int) -> bool:
        """Whether an event reads a name, or what a method has put into an object."""
        node = self._mine.node(number)
        return node.kind == "name" or (node.kind == "attribute" and not node.text.startswith("self."))

    def is_walked(self, number: int) -> bool:
        """Whether a loop binds what an event reads to one array after the other, and it serves nowhere."""
        bound, line = self.binding(number), self._mine.node(number).line
        inside = bound is not None and bound.kind == "For" and bound.line < line <= bound.end
        return inside and not self.serves(number)

    def serves(self, number: int, but: int | None = None) -> bool:
        """Whether something right is made of the value that a name has, under that name.

        Args:
            but: an event whose value does not count.
        """
        number, mine = self.leaf(number), self._mine
        made = {mine.id(number), mine.id(number if but is None else but)}
        value, name = self._events[number].values, self._called(number)
        return any(
            other.node.kind in COMPUTED
            and len(other.values) == 1
            and self._comparison.is_right(other.values[0])
            and not mine.is_neutral(at)
            and mine.id(at) not in made
            and any(
                self._events[operand].values == value and self._called(operand) == name
                for operand in other.operands
            )
            for at, other in enumerate(self._events)
        )
