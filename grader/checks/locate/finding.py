"""Finds where the answer to one question goes wrong first, beside the solution's."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.checks.collection import CheckSuite, named_results
from grader.checks.locate.cause import stale
from grader.checks.locate.comparison import DRAWS, Comparison, close, is_neutral
from grader.checks.locate.names import NAME, UNMADE, Names
from grader.checks.locate.trace import COMPUTED, Event, RecordedSubmission, Statement, Trace, Work
from grader.checks.locate.trial import EARLY, Cause
from grader.checks.student import Call, CheckRun
from grader.sandbox.values import Array, walk_arrays

MAX_CULPRITS = 4  # of which the first is looked for
FEW_DRAWN = 30  # random numbers that show how they spread


@dataclass(frozen=True)
class Finding:
    """Where the answer to a question goes wrong first.

    Args:
        line: of the student's file.
        event: number of the evaluation that went wrong.
        outputs: numbers of the results that it spoils.
        seen: why, where no trial can tell.
        final: whether none is to be made.
    """

    call: Call
    comparison: Comparison
    line: int
    event: int
    outputs: frozenset[int]
    seen: Cause | None = None
    final: bool = False

    @property
    def compared(self) -> bool:
        """Whether a comparison of right numbers made a wrong result: that is no chance."""
        mine = self.comparison.mine.trace
        return self.event == len(mine.events) and mine.whole.issuperset(mine.result[n] for n in self.outputs)

    @property
    def overflows(self) -> bool:
        """Whether a result holds what is no number: many a change that computes less mends that."""
        return not all(np.isfinite(result).all() for result in self.comparison.mine.trace.results)

    def lines_behind(self) -> set[int]:
        """Return the lines that hold wrong numbers, and those that bound the names in the first of them.

        Of a helper's line, also those that bound the names in the line that calls it.
        """
        mine, comparison, names = self.comparison.mine, self.comparison, Names(self.comparison)
        text, number = mine.trace.text, self.event if self.event < len(mine.trace.events) else None
        found = {each.node.line for each in mine.trace.events if comparison.spoilt(each.values)}
        while number is not None:
            each = text.statements[mine.node(number).statement]
            used = re.findall(NAME, " ".join(text.lines[each.line - 1 : each.end]))
            bound = (names.binding(number, name) for name in dict.fromkeys(used))
            found |= {each.line, *(other.line for other in bound if other)}
            asked = mine.node(number).function == comparison.function
            number = None if asked else comparison.caller(number)
        return found


@dataclass(frozen=True)
class Case:
    """A submission in which a line is looked for.

    Args:
        work: that may be done; less is left afterwards.
        trusted: functions that are right.
        strict: whether parts of products are right only where they are added up.
    """

    suite: CheckSuite
    run: CheckRun
    submission: RecordedSubmission
    work: Work
    trusted: Collection[str]
    strict: bool = False
    _known: dict[int, Trace | None] = dataclasses.field(default_factory=dict)

    def right(self, call: Call) -> Trace | None:
        """Return what the solution computes in a call, which is recorded once."""
        if id(call) not in self._known:
            self._known[id(call)] = self.suite.recorded_solution.trace(call.function, call.arguments)
        return self._known[id(call)]


def finding_of(case: Case, call: Call) -> Finding | None:
    """Lay a recorded call beside the solution's, and find what should be mended first."""
    suite, submission = case.suite, case.submission
    right, mine = case.right(call), submission.trace(call)
    if right is None or not right.result or not mine.result:
        return None
    given = [array for _, array in walk_arrays(call.arguments)]
    function = asked_about(case, call)
    with np.errstate(all="ignore"):
        comparison = Comparison(function, mine, right, given, case.work, case.trusted, case.strict)
        culprits = comparison.culprits
        found = list[Finding]()
        for culprit, outputs in [*culprits.items()][:MAX_CULPRITS]:
            event = comparison.climb(culprit)
            line, seen = comparison.mine.node(event).line, _broadcast(comparison, event)
            line, seen = _stale(comparison, event) or (line, seen)
            found.append(Finding(call, comparison, line, event, frozenset(outputs), seen, bool(seen)))
        short = None if culprits or not comparison.wrong_results else _short_loop(comparison)
        found += [Finding(call, comparison, *short, True)] if short else []
        for output in comparison.wrong_results:
            if comparison.spoilt([mine.result[output]]) - {len(mine.events)}:  # made of wrong numbers
                by_chance = comparison.mine.draws or comparison.right.draws
                if by_chance and all(output not in outputs for outputs in culprits.values()):
                    found += _drawn(call, comparison, output)
                continue
            answer = suite.mistakes.solution.answer(call.function, call.arguments).value
            named = named_results(answer, suite.reference, call.function)
            if mine.result[output] not in mine.first:  # no recorded expression made it, as of comparisons
                line = return_line(mine, function, output)
                found.append(Finding(call, comparison, line, len(mine.events), frozenset((output,))))
            found += _misplaced(call, comparison, output, named)
    wrong = len(comparison.wrong_results)
    order = [(each.seen is None, len(each.outputs) < wrong, each.event) for each in found]
    return found[order.index(min(order))] if found else None


def asked_about(case: Case, call: Call) -> str:
    """Return the student's function that a question is about: of one that calls a method, the method."""
    events = case.submission.trace(call).events
    return events[-1].node.function if events and call.function in case.suite.left_alone else call.function


def return_line(trace: Trace, function: str, output: int = -1) -> int:
    """Return the last line where a function returned; if none is known, the nearest to what it computed.

    Where there is no ``return``, that is the last line that ran.

    Args:
        output: a result; if a name stands for it, the line that binds that is returned.
    """
    inside, statements = trace.text.inside(function), trace.text.statements
    numbers = {node.statement for node, *_ in trace.events if node.function == function}
    ran = {statements[number] for number in numbers - {-1}}
    ends = [each for each in inside if each.kind == "Return"]
    lines = [each.line for each in ends if each in ran or ran.isdisjoint(ends)]  # perhaps of two methods
    last = max((each.line for each in ran), default=1)
    line = min(lines, key=lambda line: abs(line - last), default=last)
    if output < 0:
        return line
    names = [name for each in inside if each.line == line for name in each.value.split(", ")[output:][:1]]
    return max((each.line for each in inside if each.line < line and {*names} & {*each.binds}), default=line)


def _stale(comparison: Comparison, number: int) -> tuple[int, Cause] | None:
    """Find a name that keeps its first value in a call that returns several."""
    mine, right = comparison.mine, comparison.right
    node = mine.node(number)
    if node.kind != "call" or len(mine.trace.events[number].values) < 2:
        return None
    comparison.work.spend((len(mine.trace.events) + len(right.trace.events)) // 4)
    evaluations = [
        [n for n, event in enumerate(side.trace.events) if event.node.operation == node.operation]
        for side in (mine, right)
    ]
    step = evaluations[0].index(number)
    if not 0 < step < len(evaluations[1]):
        return None
    pairs = [(evaluations[0][n], evaluations[1][n]) for n in (0, step)]
    return stale(Names(comparison), *pairs)


def _broadcast(comparison: Comparison, number: int) -> Cause | None:
    """Say that two shapes came together into a third one, which none of the solution's values has."""
    side, event = comparison.mine, comparison.mine.trace.events[number]
    operands = [each for each in event.operands if len(side.trace.events[each].values) == 1]
    entry_by_entry = event.node.kind in ("operation", "after") and event.node.operation != "MatMult"
    if not entry_by_entry or len(operands) != 2 or not comparison.right.trace.events:
        return None
    made, first, second = (side.shape(each) for each in (number, *operands))
    if made in (first, second, *(array.shape for array in comparison.right.trace.values)):
        return None
    names = [side.node(each).text for each in operands]
    text = f"`{names[0]}` of shape {first} and `{names[1]}` of shape {second} broadcast into {made}"
    return Cause(text, "two shapes broadcast into a third")


def _short_loop(comparison: Comparison) -> tuple[int, int, frozenset[int], Cause] | None:
    """Find a loop that stops too early: all it computes is right, and the solution computes more of each.

    Returns:
        Its line, or that of a ``return`` in it, its last event, the results that are wrong, and the cause.
    """
    mine, right = comparison.mine, comparison.right
    known, had = [[*map(right.id, events)] for events in right.evaluations.values()], {*mine.ids}
    for loop in (each for each in mine.trace.text.statements if each.kind in ("For", "While")):
        runs, last = set[tuple[int, int]](), 0  # how often the student and the solution compute a value
        for number, events in mine.evaluations.items():
            node = mine.trace.text.nodes[number]
            inside = loop.line < node.line <= loop.end and node.kind in COMPUTED
            if inside and not any(map(mine.is_neutral, events)):
                ids = [mine.id(n) for n in events]
                comparison.work.spend(2 * len(known))
                begin = [other for other in known if other[: len(ids)] == ids]
                alike = [len(other) for other in begin if had.isdisjoint(other[len(ids) :])]
                runs |= {(len(ids), min(alike))} if alike else set()
                last = max(last, events[-1])
        if len(runs) == 1 and (times := runs.pop()) and times[0] < times[1]:
            cause = Cause(f"it stops after {times[0]} of {times[1]} steps", EARLY)
            ran = {event.node.statement for event in mine.trace.events if event.node.statement >= 0}
            returns = (
                each
                for n, each in enumerate(mine.trace.text.statements)
                if n in ran and each.kind == "Return"
            )
            ended = (each.line for each in returns if loop.line < each.line <= loop.end)
            return next(ended, loop.line), last, frozenset(comparison.wrong_results), cause
    return None


def _drawn(call: Call, comparison: Comparison, output: int) -> list[Finding]:
    """Find where numbers are drawn that spread otherwise than the solution's: single ones tell nothing."""
    mine, right = comparison.mine.trace, comparison.right.trace
    number, got, wanted = mine.result[output], mine.results[output], right.results[output]
    event, spread = mine.first.get(number), float(wanted.std()) if wanted.size else 0.0
    alike = got.shape == wanted.shape
    if event is None or (alike and spread and wanted.size < FEW_DRAWN):
        return []
    while not alike and (above := comparison.caller(event)) is not None:
        event = above
    ratio, text = float(got.std()) / (spread or 1), ""
    if not alike:
        text = f"its shape is {got.shape}, and should be {wanted.shape}"
    elif not spread:
        text = "nothing should be drawn here"
    elif abs(got.mean() - wanted.mean()) > 4 * max(spread, got.std()) / wanted.size**0.5:
        text = f"its numbers lie around {got.mean():.2g}, not around {wanted.mean():.1g}"
    elif ratio and abs(np.log(ratio)) > 4 / wanted.size**0.5:
        text = f"its numbers spread {ratio:.2g} times as far as they should"
    seen, line = Cause(text, re.split(" around| is \\(", text)[0]), comparison.mine.node(event).line
    return [Finding(call, comparison, line, event, frozenset((output,)), seen, True)] if text else []


def _misplaced(
    call: Call, comparison: Comparison, output: int, named: Mapping[str, Array]
) -> Iterator[Finding]:
    """Find where a result goes wrong although all its numbers are right ones.

    Args:
        named: the solution's results by their names.
    """
    mine, right, names = comparison.mine, comparison.right, Names(comparison)
    number, twin = mine.trace.result[output], right.trace.result[output]
    got, wanted = mine.trace.values[number], right.trace.values[twin]
    events = [(n, event) for n, event in enumerate(mine.trace.events) if number in event.values]
    uses = [n for n, event in events if event.node.function == comparison.function] or [n for n, _ in events]
    results = {right.ids[value] for value in right.trace.result}
    drawn = any(mine.node(n).operation in DRAWS for n in uses)
    if not uses or (drawn and mine.ids[number] in results):  # drawn in another order, which is right
        return
    single = [n for n in uses if len(mine.trace.events[n].values) == 1 and mine.node(n).kind != "collection"]
    makers = [n for n in single if mine.node(n).kind in COMPUTED]
    last = (_as_it_came(comparison, got, events, uses) or single or uses[:1])[-1]
    leaf, line, text, swapped = names.leaf(last), mine.node(last).line, "", False
    bound = names.binding(leaf)
    paths = (path for path, array in named.items() if path[:1].isalpha() and close(array, wanted))
    name = next((f"`{path}`" for path in paths if " " not in path), "the result")
    by_chance = twin in right.trace.whole and not any(np.array_equal(wanted, v) for v in mine.trace.values)
    if mine.ids[number] == right.ids[twin] and not is_neutral(wanted):
        made, last = (makers or uses)[0], uses[0]
        plain = bound if made == last and mine.node(last).kind == "name" else None
        line = plain.line if plain else mine.node(_made_inside(comparison, made)).line
        text = f"{name} holds the right numbers in another order or shape"
        if close(got, -wanted, 1e-9):
            text = f"{name} has the wrong sign; its numbers are right"
    elif right.ids[twin] in mine.ids and not (is_neutral(wanted) or by_chance):
        text = f"another quantity is returned as {name}; the right one is computed"
        swapped = mine.ids[number] in results  # two results in each other's place: no value above is wrong
        changing = [n for n in makers if right.ids[twin] in map(mine.id, mine.parts(n))]
        if changing and not swapped:
            last, line, swapped = changing[0], mine.node(changing[0]).line, True
            text = f"{name} is right before this operation and not after it"
        elif swapped and bound and (order := _order_of_names(comparison, names, leaf, bound)):
            line, other = order
            text = f"`{other}` holds what another name of this line should hold"
    elif bound and names.is_read_at(leaf) and not names.serves(leaf, last):
        beside = names.line_beside(leaf, once=True) if got.size and not got.any() else 0  # nothing was put in
        text, line, swapped = UNMADE if beside else "", beside or bound.line, bool(beside)  # to be returned
    seen = Cause(text.replace("a name", f"`{mine.node(leaf).text}`"), text.replace("`", "")) if text else None
    yield Finding(call, comparison, line, last, frozenset((output,)), seen, swapped)


def _made_inside(comparison: Comparison, made: int) -> int:
    """Return what made the numbers of an event first: of a call of the student's own function, inside it."""
    mine, called = comparison.mine, comparison.mine.node(made).operation
    inside = (n for n in mine.by_id.get(mine.id(made), ()) if mine.node(n).function == called)
    computed = (n for n in inside if mine.node(n).kind in COMPUTED and called not in comparison.trusted)
    return next(computed, made)


def _as_it_came(
    comparison: Comparison, got: Array, events: Sequence[tuple[int, Event]], uses: list[int]
) -> list[int]:
    """Return where a result that is an argument is gathered with other results, else its uses; or nothing.

    Args:
        events: that hold it.
    """
    if not any(np.array_equal(got, array) for array in comparison.given):
        return []
    results = comparison.mine.trace.result
    runs = {results[n:end] for n in range(len(results)) for end in range(n + 2, len(results) + 1)}
    return [n for n, each in events if each.node.kind == "collection" and each.values in runs][:1] or uses


def _order_of_names(
    comparison: Comparison, names: Names, leaf: int, bound: Statement
) -> tuple[int, str] | None:
    """Find a line that binds names in a wrong order, and one of them: where ``leaf`` was bound, or before."""
    mine, right, events = comparison.mine, comparison.right, comparison.mine.trace.events
    if len(bound.binds) > 1:
        misused = (events[part] for each in comparison.culprits for part in events[each].operands)
        own = events[leaf].values, mine.node(leaf).text  # else only the results are in a wrong order
        return (bound.line, own[1]) if own in [(each.values, each.node.text) for each in misused] else None
    for name in re.findall(NAME, bound.value):
        several = names.binding(leaf, name)
        held = [mine.all_ids(event) for event in events[:leaf] if event.node.text == name]
        known = [right.all_ids(event) for event in right.trace.events if event.node.text == name]
        if several and len(several.binds) > 1 and known and held and held[-1] not in known:
            return several.line, name
    return None
