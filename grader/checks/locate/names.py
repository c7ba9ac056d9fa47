"""Follows a wrong value back to where it got its name: bound wrongly there, or used wrongly here?"""

from __future__ import annotations

import re

from grader.checks.locate.locate import Comparison
from grader.checks.locate.trace import COMPUTED, Statement

DEPTH = 4  # bindings that are followed


def base(text: str) -> str:
    """Return the name that an expression begins with; empty if it begins with none."""
    found = re.match(r"[^\W\d]\w*", text)
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

    def binding(self, number: int) -> Statement | None:
        """Return the statement that bound the name that an event reads."""
        self._comparison.work.spend(len(self._events) // 4)
        event = self._events[number]
        places = self._bindings.get((event.node.function, base(event.node.text)), [])
        again = (at for at in range(number - 1, -1, -1) if self._events[at].node is event.node)
        turn = next(again, -1)  # when a loop came here before
        own = [statement for at, statement in places if at <= turn and statement == event.node.statement]
        found = [(at, statement) for at, statement in places if at < number]
        found = [pair for pair in found if pair[1] != event.node.statement]
        if own and (not found or found[-1][0] < turn):
            return self._statements[own[0]]
        return self._statements[found[-1][1]] if found else None

    def leaf(self, number: int) -> int:
        """Return the name whose value an event passes on, perhaps in another form; else itself."""
        operands = self._events[number].operands
        while len(operands) == 1 and (
            self._mine.node(number).kind in COMPUTED or self._mine.id(number) == self._mine.id(operands[0])
        ):
            number = operands[0]
            operands = self._events[number].operands
        return number

    def made(self, number: int) -> Statement | None:
        """Return the statement that made the array whose name an event reads, whatever was put into it."""
        node = self._mine.node(number)
        places = self._bindings.get((node.function, base(node.text)), [])
        bound = [self._statements[place] for at, place in reversed(places) if at < number]
        return next((each for each in bound if each.kind == "Assign" and "[" not in each.target), None)

    def bound_line(self, number: int) -> int | None:
        """Return the line that bound what an event reads; of an argument of a helper, its caller's."""
        event = self._events[number]
        if event.node.kind not in ("name", "item", "attribute", "before"):
            return None
        if bound := self.binding(number):
            return bound.line
        in_helper = event.node.function != self._comparison.function
        caller = self._comparison.caller(number) if in_helper else None
        return None if caller is None else self._mine.node(caller).line

    def is_assigned(self, number: int) -> bool:
        """Whether what an event reads was bound by an assignment, not by a loop."""
        bound = self.binding(number)
        return bound is not None and bound.kind != "For"

    def is_chosen(self, number: int) -> bool:
        """Whether an event picks an item of what was bound as a whole, or returns a right value."""
        event, bound = self._events[number], self.binding(number)
        if event.node.kind == "item" and bound and "[" not in bound.target:
            return True
        later = self._events[number + 1 : number + 9]
        alone = not any(number in other.operands and other.node.kind in COMPUTED for other in later)
        returned = self._statements[event.node.statement].kind == "Return"
        return returned and alone and self._comparison.is_right(event.values[0])

    def is_named_as_in_solution(self, number: int) -> bool:
        """Whether the solution has the value of a name under the same name."""
        others = self._right.by_id.get(self._mine.id(number), ())
        return self._mine.node(number).text in {self._right.node(other).text for other in others}

    def serves(self, number: int, but: int | None = None) -> bool:
        """Whether something right is made of the value that a name has, under that name.

        Args:
            but: an event whose value does not count.
        """
        number, mine = self.leaf(number), self._mine
        made = {mine.id(number), mine.id(number if but is None else but)}
        value, name = self._events[number].values, base(mine.node(number).text)
        return any(
            other.node.kind in COMPUTED
            and len(other.values) == 1
            and self._comparison.is_right(other.values[0])
            and not mine.is_neutral(at)
            and mine.id(at) not in made
            and any(
                self._events[operand].values == value and base(mine.node(operand).text) == name
                for operand in other.operands
            )
            for at, other in enumerate(self._events)
        )
