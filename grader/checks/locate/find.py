"""Finds the line of a submission that its wrong answers come from, and says what is wrong there.

The student's function is called once more, confined and ungraded, with its expressions recorded. What comes
back is a claim: at worst it makes a wrong hint, never another verdict. A sentence needs two questions that
agree, so that no chance speaks.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from grader.checks.collection import CheckSuite
from grader.checks.locate.arrays import (
    drawn_again,
    dropped,
    line_told,
    one_array,
    overwritten,
    reshaped,
    rounded,
    shared,
    unseeded,
    used_up,
    whole_numbers,
)
from grader.checks.locate.cause import Proof
from grader.checks.locate.comparison import SMALL, Comparison
from grader.checks.locate.finding import Case, Finding, asked_about, finding_of, return_line
from grader.checks.locate.names import RARE, RESET, STALE, UNMADE, UNUSED
from grader.checks.locate.questions import INDEPENDENT, begun, chosen, jitter
from grader.checks.locate.trace import Malformed, TooMuch, Work, recorded_submission
from grader.checks.locate.trial import EARLY, Cause, Trial
from grader.checks.report import Located
from grader.checks.student import NO_ANSWER, Call, CheckRun
from grader.course import Exercise
from grader.sandbox.recording import fingerprints

MAX_ASKED = 5  # questions that are recorded
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
    text = exercise.solution_text
    documented = set(re.findall(r"^\s+(\w+): (?:np\.ndarray|\()", text, re.MULTILINE))
    documented.update(name for names in exercise.parameters.values() for name in names)
    return {name: f"`{name}`" for name in documented} | dict(own)


@dataclass(frozen=True)
class Told:
    """What is told of a line.

    Args:
        proved: whether it is known to be wrong; else its sentence has no end yet.
        sure: whether no small change can say more.
    """

    located: Located
    proved: bool = True
    sure: bool = False

    def ended(self, end: str) -> Located:
        """Return it with an end of its sentence."""
        says = self.located.says + end * (not self.proved)
        return dataclasses.replace(self.located, says=says)

    def joined(self, mended: Located) -> Told:
        """Add what a small change says of the same line; of another line, only that is told."""
        if mended.line != self.located.line:
            return Told(mended)
        cause, key = self.located.cause or mended.cause, self.located.key or mended.key
        return Told(dataclasses.replace(self.ended("."), cause=cause, key=key))


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
        told, found = _agreed(case, calls)
        enough = told and (told.sure or (recognised and (told.proved or found[0].overflows)))
        if not enough and len(calls) >= INDEPENDENT:
            with contextlib.suppress(TooMuch, *NO_ANSWER):
                near = told.located.line if told else found[0].line if found else near
                likely = {near, *(found[0].lines_behind() if found else ())}
                inside = bool(told and told.located.cause)
                if mended := _mended(case, calls, near, likely, inside):
                    told = told.joined(mended) if told else Told(mended)
        if told and not told.proved and "vstack" in suite.recorded_solution.text.operations:
            with contextlib.suppress(TooMuch):
                again, _ = _agreed(dataclasses.replace(case, strict=True), calls)
                told = again if again and again.proved else told
        if told:
            return told.ended(UNPROVED)
        if not formed and calls:
            return _returning(case, calls[0])
        return unseeded(run, submission.trace(calls[0]), suite.recorded_solution.text) if calls else None
    return None


def _agreed(case: Case, calls: list[Call]) -> tuple[Told | None, list[Finding]]:
    """Find a line on which two questions agree; further ones are asked, and added, if none do.

    Returns:
        What is told of it, and what was found by question.
    """
    found = list[Finding]()
    for number, call in enumerate(calls):
        each = finding_of(case, call)
        if seen := _seen(case, call, each):
            return Told(seen, sure=True), found
        twin = next((other for other in found if each and other.line == each.line), None)
        found += [each] if each else []
        if each and (twin or each.compared):
            return _explained(case, (twin, each) if twin else (each,)), found
        if found and number == len(calls) - 1 and number < MAX_ASKED:  # perhaps another branch each time
            first = found[0].call
            moved = jitter(first.arguments, np.random.default_rng(0))
            calls.append(dataclasses.replace(first, arguments=moved))
    return None, found


def _returning(case: Case, call: Call) -> Located:
    """Tell the line that returns an answer of another form, or should have returned one."""
    trace = case.submission.trace(call)
    line, says = return_line(trace, asked_about(case, call)), "This line returns it."
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


def _explained(case: Case, found: Sequence[Finding]) -> Told:
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
    proved = bool(cause and cause.text) or finding.compared or not comparison.right.trace.events
    says, target = _worded(comparison, line, cause, proved, line == finding.line)
    all_spoilt = {*comparison.wrong_results} <= finding.outputs
    shared = f"use {target.replace('this line', f'line {line}')}" if all_spoilt else ""
    said = (cause.text, cause.key) if cause and cause.text else ("", "")
    located = line_told(case.run, comparison.mine.trace, line, says, *said, shared)
    return Told(located, proved, sure)


def _worded(
    comparison: Comparison, line: int, cause: Cause | None, proved: bool, goes_wrong: bool
) -> tuple[str, str]:
    """Say what is right before a line and what is not, without an end if that is not proved.

    Args:
        goes_wrong: whether it is the line in which right values become wrong.

    Returns:
        The sentence, and what it calls the wrong value.
    """
    trace = comparison.mine.trace
    around = [each for each in trace.text.statements if each.line <= line <= each.end]
    made = [each.target for each in around if each.kind in ("Assign", "AugAssign", "AnnAssign")]
    target = f"`{made[-1]}`" if made and "," not in made[-1] else "what this line makes"
    if cause and cause.key in (UNUSED, UNMADE, RARE, EARLY):
        others = {
            EARLY: "What is computed in this loop is right, as far as it goes.",
            RARE: "This line is not reached as often as it should be.",
        }
        return others.get(cause.key, "What this line makes is right; what becomes of it is not."), target
    before = _right_before(comparison, line)
    says = f"{target[:1].upper()}{target[1:]} is the first value that is not right"
    if before and made and before == made[-1].partition("[")[0]:  # one name, made anew
        says = f"`{before}` is right before this line and not after it"
    elif before:
        says = f"`{before}` is right; {target} is the first that is not"
    if not comparison.right.trace.events:  # bare numbers: one that is right may stand in another one's place
        return f"{says}: look at this line, and at what it takes.", target
    if goes_wrong and cause and cause.text and cause.key not in (STALE, RESET):
        return f"{says}: this line takes right values and makes a wrong one.", target
    return says + "." * proved, target


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
