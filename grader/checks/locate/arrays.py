"""Finds what no value shows: arrays of whole numbers, of few digits, with two names, made and not kept."""

from __future__ import annotations

import re

import numpy as np

from grader.checks.locate.comparison import DRAWS, Comparison
from grader.checks.locate.names import NAME, base
from grader.checks.locate.trace import Event, RecordedSubmission, Statement, Text, Trace
from grader.checks.report import Located
from grader.checks.student import Call, CheckRun
from grader.sandbox.values import walk_arrays

ITERATOR = r"(reversed|zip|map|filter|iter|enumerate)\("  # that begins what can be walked once only


def line_told(run: CheckRun, trace: Trace, line: int, *said: str) -> Located:
    """Return what is said of a line, with its place as an editor opens it."""
    source = trace.text.lines[line - 1].strip() if 0 < line <= len(trace.text.lines) else ""
    return Located(line, f"exercises/{run.exercise.id}/{run.source.name}:{line}", source, *said)


def whole_numbers(run: CheckRun, trace: Trace) -> Located | None:
    """Find an array of whole numbers into which others were put."""
    broken = {n for n, each in enumerate(trace.values) if (np.isfinite(each) & (each != np.rint(each))).any()}

    def fractions(event: Event) -> bool:
        return not broken.isdisjoint(event.values)

    put = {(each.node.statement, each.node.text) for each in trace.events if fractions(each)}
    for event in trace.events:
        number, name = event.node.statement, event.node.text
        each = trace.text.statements[number]
        whole = len(event.values) == 1 and trace.whole.issuperset(event.values)  # several are a list's
        if number < 0 or not whole or each.kind != "Assign":
            continue
        bound = [one.line for one in trace.text.statements if one.target == name and one.line < each.line]
        cast = event.node.operation == "astype" and any(fractions(trace.events[n]) for n in event.operands)
        if cast or (each.target.startswith(f"{name}[") and (number, each.value) in put):
            name = base(each.target)
            says = f"`{name}` is an array of whole numbers: line {each.line} loses the fractions there."
            cause = "give it room for fractions, as np.zeros(shape) has without int"
            line = max(bound, default=each.line)
            return line_told(run, trace, line, says, cause, "an array of whole numbers")
    return None


def rounded(run: CheckRun, call: Call, trace: Trace) -> Located | None:
    """Find the first numbers of few digits, where nothing else is wrong."""
    single = next((event for event in trace.events if trace.rounded.intersection(event.values)), None)
    given = [array.dtype.itemsize for _, array in walk_arrays(call.arguments) if array.dtype.kind == "f"]
    statuses = {each.status for each in run.outcomes.values() if each.function == call.function}
    enough = "passed" in statuses or min(given, default=8) < 8  # these digits are what is asked for
    if single is None or enough:
        return None
    says = "From this line on there are numbers in single precision (float32), which has 7 digits and not 16."
    return line_told(
        run, trace, single.node.line, says, "leave the dtype or the cast out", "single precision"
    )


def overwritten(run: CheckRun, submission: RecordedSubmission, call: Call) -> Located | None:
    """Find the line that changes an argument, which belongs to the caller."""
    bound = submission.overwriting(call)
    if bound is None:
        return None
    names = " and ".join(f"`{name}`" for name in call.changed(run.exercise.parameters[call.function]))
    cause = "make a copy of it, and change the copy"
    walked = {name for each in submission.text.statements if each.kind == "For" for name in each.binds}
    if bound.kind == "AugAssign" and bound.target in walked:
        cause = "such an operator writes into the array: put a new one into a list or tuple of your own"
    elif bound.kind == "AugAssign" and "[" not in bound.target:
        cause = (
            f"such an operator writes into the array; `{bound.target} = {bound.target} ...` makes a new one"
        )
    says = f"This line changes {names}, which the function was given."
    return line_told(run, submission.trace(call), bound.line, says, cause, "an argument is changed")


def unseeded(run: CheckRun, trace: Trace, right: Text) -> Located | None:
    """Find the line that makes a generator without the seed, where the solution's begins with it."""
    ran = {event.node.function for event in trace.events}
    with_seed = any(node.operation == "default_rng" and "seed" in node.text for node in right.nodes)
    for node in trace.text.nodes if with_seed else ():
        if node.operation == "default_rng" and "seed" not in node.text and node.function in ran:
            says = "This line makes a generator that does not begin with `seed`."
            return line_told(run, trace, node.line, says, "", "the seed is ignored")
    return None


def one_array(run: CheckRun, trace: Trace) -> Located | None:
    """Find a line that gives one array two names, into both of which entries are put later."""
    ran = {event.node.statement for event in trace.events}
    for number, each in enumerate(trace.text.statements):
        later = " ".join(one.target for one in trace.text.statements[number:])
        for names in _of_one_array(each) if number in ran and each.kind == "Assign" else ():
            if len(names) > 1 and all(re.search(rf"(?<![\w.]){re.escape(name)}\[", later) for name in names):
                both = " and ".join(f"`{name}`" for name in sorted(names))
                says = f"After this line {both} are one array: what is put into one of them is in the other"
                cause = "make an array for each name"
                return line_told(run, trace, each.line, f"{says}, too.", cause, "one array by two names")
    return None


def _of_one_array(each: Statement) -> list[set[str]]:
    """Return the names that a statement makes names of one array, as it is written; perhaps of several."""
    values = each.value.split(", ")
    if not all(map(re.compile(NAME).fullmatch, values)):
        return [{*each.binds}] if re.fullmatch(NAME, each.target) else []
    if len(values) == 1:
        return [{*each.binds, *values}]
    pairs = [*zip(each.target.split(", "), values, strict=False)]
    return [{name for pair in pairs if pair[1] == value for name in pair} for value in values]


def used_up(run: CheckRun, trace: Trace) -> Located | None:
    """Find a line that keeps an iterator, which gives its items once, where a later loop gets none."""
    lines, ran = trace.text.lines, {event.node.line for event in trace.events}
    for each in trace.text.statements:
        if each.kind != "Assign" or each.line not in ran or not re.match(ITERATOR, each.value):
            continue
        for loop in trace.text.statements:
            walks = loop.kind == "For" and re.search(rf" in {re.escape(each.target)}:", lines[loop.line - 1])
            between = re.search(rf"\b{re.escape(each.target)}\b", " ".join(lines[each.end : loop.line - 1]))
            if walks and between and ran.isdisjoint(range(loop.line + 1, loop.end + 1)):
                says = (
                    f"`{each.target}` gives its items once: nothing is left for the loop in line {loop.line}."
                )
                key, cause = "an iterator used twice", "keep a list or a range instead"
                return line_told(run, trace, each.line, says, cause, key)
    return None


def dropped(run: CheckRun, trace: Trace) -> Located | None:
    """Find a line that makes a new array, as ``np.append`` does, and keeps it nowhere."""
    own = {node.function for node in trace.text.nodes} | {"pop"}
    for event in trace.events:
        node, each = event.node, trace.text.statements[event.node.statement]
        alone = (each.kind, each.target, each.value, node.kind) == ("Expr", "", node.text, "call")
        into = isinstance(getattr(np, node.operation, None), np.ufunc) and len(event.operands) > 1
        if alone and event.operands and node.operation not in own and not into and "out=" not in node.text:
            says = "This line makes a new array and keeps it nowhere: what it was made of stays as it is."
            return line_told(run, trace, each.line, says, "bind the result to a name", "a result is not kept")
    return None


def drawn_again(run: CheckRun, trace: Trace) -> Located | None:
    """Find a line that draws the same numbers as before, from a generator that it makes anew."""
    seen = set[tuple[int, tuple[int, ...]]]()
    for event in trace.events:
        drawn = event.node.operation in DRAWS and any(trace.values[value].size > 1 for value in event.values)
        if drawn and (event.node.number, event.values) in seen:
            says = "This line draws the same numbers again, as a generator does that is made anew."
            return line_told(run, trace, event.node.line, says, "make one generator before it", "drawn again")
        seen |= {(event.node.number, event.values)} if drawn else set()
    return None


def reshaped(run: CheckRun, trace: Trace) -> Located | None:
    """Find a reshape into the same sizes in another order, which moves no number in memory."""
    for event in trace.events:
        before = [trace.values[value].shape for n in event.operands for value in trace.events[n].values]
        after = [trace.values[value].shape for value in event.values]
        if event.node.operation == "reshape" and "order" not in event.node.text and before and after:
            sizes = [tuple(size for size in shape if size != 1) for shape in (before[0], after[0])]
            if sizes[0] != sizes[1] and sorted(sizes[0]) == sorted(sizes[1]):
                says = (
                    f"This line reshapes {before[0]} into {after[0]}: the axes do not change places by that"
                )
                cause = "`np.transpose`, `np.swapaxes` or `.T` exchange axes"
                return line_told(run, trace, event.node.line, f"{says}.", cause, "reshaped, not transposed")
    return None


def shared(run: CheckRun, comparison: Comparison, wrong_event: int) -> Located | None:
    """Find the line that changed a name which went into what is wrong, by another name for its array.

    Args:
        wrong_event: number of the evaluation that went wrong first.
    """
    trace = comparison.mine.trace
    if wrong_event == len(trace.events):  # what no recorded expression made
        return None
    events, statements = trace.events, trace.text.statements
    wrong, used = events[wrong_event].node.statement, dict[str, int]()
    for number, event in enumerate(events[: wrong_event + 1]):
        if event.node.kind == "name" and event.node.statement == wrong != -1:
            used[event.node.text] = number  # the last time
    for name, number in used.items():
        comparison.work.spend(number)
        here = [each for each in events[:number] if each.node.function == events[number].node.function]
        binding = [n for n, each in enumerate(here) if name in statements[each.node.statement].binds]
        since = here[binding[-1] :] if binding else []
        made = [statements[each.node.statement] for each in since]
        if not made or (made[0].target, made[0].value) != (name, since[0].node.text):
            continue  # an entry of it was bound, or it was with others
        begins = [trace.text.lines[each.line - 1].lstrip() for each in made]
        if any(re.match(rf"{re.escape(name)}\.(?!append|extend)", line) for line in begins):
            continue
        changed = [
            each
            for each in made
            if each.kind == "AugAssign" or (each.kind == "Assign" and "[" in each.target)
        ]
        held = [since[0].values, *(each.values for each in since if each.node.text == name)]
        if changed and any(_differs(values, events[number].values) for values in held):
            both = f"`{name}` as well as `{base(changed[-1].target)}`"
            says = f"This line changes {both}: they share their numbers."
            key, cause = "one array by two names", "keep a copy of one of them"
            return line_told(run, trace, changed[-1].line, says, cause, key)
    return None


def _differs(values: tuple[int, ...], later: tuple[int, ...]) -> bool:
    """Whether a list or an array has other values now, but for those that were added."""
    return any(value != now for value, now in zip(values, later, strict=False))
