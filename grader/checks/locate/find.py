"""Finds the line of a submission where a wrong answer comes from, on questions that checks asked.

The student's function is called once more, confined and ungraded, with its expressions recorded. What comes
back is a claim: at worst it makes a wrong hint, never another verdict. A sentence needs two questions that
agree, so that no chance speaks.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.checks.collection import CheckSuite, named_results
from grader.checks.locate.arrays import (
    drawn_again,
    dropped,
    line_told,
    one_array,
    overwritten,
    reshaped,
    rounded,
    shared,
    short_loop,
    unseeded,
    used_up,
    whole_numbers,
)
from grader.checks.locate.cause import Proof, stale
from grader.checks.locate.comparison import DRAWS, SMALL, Comparison, close, is_neutral
from grader.checks.locate.names import NAME, RARE, RESET, STALE, UNMADE, UNUSED, Names
from grader.checks.locate.questions import INDEPENDENT, begun, chosen, jitter
from grader.checks.locate.trace import (
    COMPUTED,
    Event,
    Malformed,
    RecordedSubmission,
    Statement,
    TooMuch,
    Trace,
    Work,
    recorded_submission,
)
from grader.checks.locate.trial import EARLY, Cause, Trial
from grader.checks.report import Located
from grader.checks.student import NO_ANSWER, Call, CheckRun
from grader.course import Exercise
from grader.sandbox.recording import fingerprints
from grader.sandbox.values import Array, walk_arrays

MAX_ASKED = 5  # questions that are recorded
MAX_CULPRITS = 4  # of which the first is looked for
FEW_DRAWN = 30  # random numbers that show how they spread
CHANGE, FEW_CHANGES, MAX_CHANGES = 300, 12, 300  # units of work of one change; changes that are tried
CHANGES = (
    "one of its numbers or indices should be another",
    "two things in it should change places, or one should be transposed",
    "its indentation should be another: inside the loop or `if` before it, or after that",
    "something in it is too much",
    "its assignment (=, += or -=) should be another one, or should not be there",
    "one of its operations or signs should be another",
    "one of its names should be another",
    "something is missing that is at hand in this function",
)
MENDED = "One small change in this line mends every answer that was tried."
UNPROVED = ", unless it is a step of your own."


def named_quantities(exercise: Exercise) -> dict[str, str]:
    """Return by expression of the solution its name; what the stub documents has its own.

    A course without ``quantities.yaml`` gets lines without causes.
    """
    own = exercise.quantities()
    if not own:
        return {}
    text = exercise.solution_path.read_text(encoding="utf-8")
    documented = set(re.findall(r"^\s+(\w+): (?:np\.ndarray|\()", text, re.MULTILINE))
    documented.update(name for names in exercise.parameters.values() for name in names)
    return {name: f"`{name}`" for name in documented} | dict(own)


# --- one question -------------------------------------------------------------------------------------


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


def _finding(case: Case, call: Call) -> Finding | None:
    """Lay a recorded call beside the solution's, and find what should be mended first."""
    suite, submission = case.suite, case.submission
    right, mine = case.right(call), submission.trace(call)
    if right is None or not right.result or not mine.result:
        return None
    given = [array for _, array in walk_arrays(call.arguments)]
    function = _asked_about(case, call)
    with np.errstate(all="ignore"):
        comparison = Comparison(function, mine, right, given, case.work, case.trusted, case.strict)
        culprits = comparison.culprits
        found = list[Finding]()
        for culprit, outputs in [*culprits.items()][:MAX_CULPRITS]:
            event = comparison.climb(culprit)
            line, seen = comparison.mine.node(event).line, _broadcast(comparison, event)
            line, seen = _stale(comparison, event) or (line, seen)
            found.append(Finding(call, comparison, line, event, frozenset(outputs), seen, bool(seen)))
        short = None if culprits or not comparison.wrong_results else short_loop(comparison)
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
                line = _return_line(mine, function, output)
                found.append(Finding(call, comparison, line, len(mine.events), frozenset((output,))))
            found += _misplaced(call, comparison, output, named)
    wrong = len(comparison.wrong_results)
    order = [(each.seen is None, len(each.outputs) < wrong, each.event) for each in found]
    return found[order.index(min(order))] if found else None


def _asked_about(case: Case, call: Call) -> str:
    """Return the student's function that a question is about: of one that calls a method, the method."""
    events = case.submission.trace(call).events
    return events[-1].node.function if events and call.function in case.suite.left_alone else call.function


def _return_line(trace: Trace, function: str, output: int = -1) -> int:
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


# --- what is told -------------------------------------------------------------------------------------


def locate(
    suite: CheckSuite,
    run: CheckRun,
    wrong: Sequence[Call],
    work: Work,
    near: int = 0,
    recognised: bool = False,
    formed: bool = True,
) -> Located | None:
    """Find the line that makes a function's answers wrong.

    Args:
        work: that may be done; less is left afterwards.
        wrong: questions that it answered wrongly.
        near: the line at which it stopped, if it did.
        recognised: whether the mistake is known, so that its author says what changes would tell.
        formed: whether the answers have the form that is asked for.

    Returns:
        Where and why, as far as two questions agree on it; None if they do not.
    """
    failed = {each.function for each in suite.checks if run.outcomes[each.name].status == "failed"}
    trusted, given = {each.function for each in suite.checks} - failed, suite.left_alone
    with contextlib.suppress(Malformed, *NO_ANSWER), recorded_submission(run, given) as submission:
        case, calls = Case(suite, run, submission, work, trusted), begun(suite, chosen(wrong))
        told, sure, found = _agreed(case, calls)
        known = told and recognised and (UNPROVED not in told.says or found[0].overflows)
        if not (sure or known) and len(calls) >= INDEPENDENT:
            with contextlib.suppress(TooMuch, *NO_ANSWER):
                near = told.line if told else found[0].line if found else near
                likely = {near, *(found[0].lines_behind() if found else ())}
                mended = _mended(case, calls, near, likely, inside=bool(told and told.cause))
                if told and mended and mended.line == told.line:
                    cause, key = told.cause or mended.cause, told.key or mended.key
                    says = told.says.replace(UNPROVED, ".")
                    mended = dataclasses.replace(told, says=says, cause=cause, key=key)
                told = mended or told
        if told and UNPROVED in told.says and "vstack" in suite.recorded_solution.text.operations:
            with contextlib.suppress(TooMuch):
                again, *_ = _agreed(dataclasses.replace(case, strict=True), calls)
                told = again if again and UNPROVED not in again.says else told
        if calls and not told:
            told = unseeded(run, submission.trace(calls[0]), suite.recorded_solution.text)
            told = told if formed else _returning(case, calls[0])
        return told
    return None


def _agreed(case: Case, calls: list[Call]) -> tuple[Located | None, bool, list[Finding]]:
    """Find a line on which two questions agree; further ones are asked, and added, if none do.

    Returns:
        What is told of it; whether no small change can say more; and what was found by question.
    """
    found = list[Finding]()
    for number, call in enumerate(calls):
        each = _finding(case, call)
        if seen := _seen(case, call, each):
            return seen, True, found
        twin = next((other for other in found if each and other.line == each.line), None)
        found += [each] if each else []
        if each and (twin or each.compared):
            return *_explained(case, (twin, each) if twin else (each,)), found
        if found and number == len(calls) - 1 and number < MAX_ASKED:  # perhaps another branch each time
            first = found[0].call
            moved = jitter(first.arguments, np.random.default_rng(0))
            calls.append(dataclasses.replace(first, arguments=moved))
    return None, False, found


def _returning(case: Case, call: Call) -> Located:
    """Tell the line that returns an answer of another form, or should have returned one."""
    trace = case.submission.trace(call)
    line, says = _return_line(trace, _asked_about(case, call)), "This line returns it."
    told = line_told(case.run, trace, line, says, "", "an answer of another form")
    if not trace.result:
        without = "reaching" if told.source.startswith("return") else "a `return` after"
        told = dataclasses.replace(told, says=f"The call ends without {without} this line.")
    return told


def _seen(case: Case, call: Call, finding: Finding | None) -> Located | None:
    """Find what no value on the way to an answer shows."""
    trace, run = case.submission.trace(call), case.run
    if finding:
        looks = (look(run, trace) for look in (whole_numbers, one_array, reshaped, used_up, dropped))
        return next(filter(None, looks), None) or shared(run, finding.comparison, finding.event)
    changed = overwritten(run, case.submission, call) if call.answer.changed else None
    return changed or rounded(run, call, trace) or drawn_again(run, trace)


def _mended(
    case: Case, calls: Sequence[Call], near: int, likely: Collection[int], inside: bool
) -> Located | None:
    """Find a line in which one small change makes the answers to two questions right.

    Args:
        near: the line around which changes are tried.
        likely: lines whose changes are tried early.
        inside: whether only its function is changed.
    """
    submission, work = case.submission, case.work
    only, asked = list[int](), 0
    for call in calls:
        right, mine = case.right(call), submission.trace(call)
        cost = CHANGE + 2 * len(mine.events)
        most = min(MAX_CHANGES, work.left // 2 // cost)
        if right is None or most < FEW_CHANGES:  # which are not worth reading the file for
            return None
        wanted, before = (np.array(fingerprints(trace.results)) for trace in (right, mine))
        atol = 1e-7 * np.repeat([SMALL + np.abs(each).sum() for each in right.results], 2)
        if len(before) == len(wanted) and (np.abs(before - wanted) <= atol).all():
            continue  # of zeros that were replaced by other numbers
        ran = {event.node.function for event in mine.events}
        here = {node.function for node in mine.text.nodes if node.line == near and inside}
        lines = {
            node.line
            for node in mine.text.nodes
            if node.function in (here or ran.difference(case.trusted) | {call.function})
        }
        work.spend(most * cost if not only else len(only) * cost)
        order = sorted(lines, key=lambda line: (line not in likely, abs(line - near)))
        rows = submission.changed(call, order, len(lines.intersection(likely)), only, most)
        whole = [row for row in rows if len(row) == len(wanted) + 3]
        fits = [row for row in whole if (np.abs(np.array(row[3:]) - wanted) <= atol).all()]
        if not fits:
            return None
        only, asked = [int(number) for number, *_ in fits], asked + 1
        line = next((near for _, other, *_ in fits if other == near), int(fits[0][1]))
        kinds = {int(kind) for _, other, kind, *_ in fits if other == line}
        if asked == INDEPENDENT:
            break
    else:
        return None
    text = CHANGES[kinds.pop()] if len(kinds) == 1 else ""
    return line_told(case.run, mine, line, MENDED, text, text)


def _explained(case: Case, found: Sequence[Finding]) -> tuple[Located, bool]:
    """Tell the line on which two questions agree: what is right before it, what is not, and why."""
    finding, comparison = found[0], found[0].comparison
    line, cause, quantities = finding.line, None, named_quantities(case.suite.exercise)
    trials = [
        Trial(each.comparison, quantities, functools.partial(case.submission.results, each.call))
        for each in found
    ]
    with contextlib.suppress(TooMuch):
        line, cause = (
            (line, None) if finding.final else Proof(trials).source(line, finding.event, finding.seen is None)
        )
    sure = bool(cause and cause.text and not cause.change)
    if line == finding.line and not (cause and cause.text):
        cause = finding.seen
    trace = comparison.mine.trace
    around = [each for each in trace.text.statements if each.line <= line <= each.end]
    made = [each.target for each in around if each.kind in ("Assign", "AugAssign", "AnnAssign")]
    target = f"`{made[-1]}`" if made and "," not in made[-1] else "what this line makes"
    before = _right_before(comparison, line)
    says = f"`{before}` is right; {target} is the first that is not"
    if before and made and before == made[-1].partition("[")[0]:  # one name, made anew
        says = f"`{before}` is right before this line and not after it"
    says = says if before else f"{target[:1].upper()}{target[1:]} is the first value that is not right"
    if not comparison.right.trace.events:  # bare numbers: one that is right may stand in another one's place
        says += ": look at this line, and at what it takes."
    else:
        takes = line == finding.line and cause and cause.text and cause.key not in (STALE, RESET, RARE)
        unproved = "." if (cause and cause.text) or finding.compared else UNPROVED
        says += ": this line takes right values and makes a wrong one." if takes else unproved
    if cause and cause.key in (UNUSED, UNMADE, RARE, EARLY):
        says = {
            EARLY: "What is computed in this loop is right, as far as it goes.",
            RARE: "This line is not reached as often as it should be.",
        }.get(cause.key, "What this line makes is right; what becomes of it is not.")
    all_spoilt = {*comparison.wrong_results} <= finding.outputs
    shared = f"use {target.replace('this line', f'line {line}')}" if all_spoilt else ""
    said = (cause.text, cause.key) if cause and cause.text else ("", "")
    return line_told(case.run, trace, line, says, *said, shared), sure


def _right_before(comparison: Comparison, line: int) -> str:
    """Return a name bound above a line that holds what is right, if possible one that stands in it."""
    trace, found = comparison.mine.trace, list[str]()
    inside = {event.node.function for event in trace.events if event.node.line == line}
    for number, event in enumerate(trace.events):
        above = event.node.line < line and event.node.function in inside and len(event.values) == 1
        target = comparison.mine.target(number) if above else None
        bound = trace.text.statements[event.node.statement] if target else None
        whole = bound and bound.kind == "Assign" and len(bound.binds) == 1
        tells = whole and not comparison.mine.is_neutral(number)  # zeros and counts are right by chance
        found += [target] if target and tells and comparison.is_right(event.values[0]) else []
    source = trace.text.lines[line - 1] if 0 < line <= len(trace.text.lines) else ""
    used = [name for name in found if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", source)]
    return (used or found or [""])[-1]


def with_shapes(stopped: Located, told: Located) -> Located:
    """Join the line where shapes do not fit with the one in which a small change mends that."""
    if told.line == stopped.line or told.says != MENDED:
        return dataclasses.replace(stopped, cause=told.cause if told.line == stopped.line else "")
    return dataclasses.replace(told, says=f"{told.says} It stops at line {stopped.line}: {stopped.says}")
