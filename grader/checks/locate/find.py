"""Finds the line of a submission where a wrong answer comes from, on questions that checks asked.

The student's function is called once more, confined and ungraded, with its expressions recorded. What comes
back is a claim: at worst it makes a wrong hint, never another verdict. A sentence needs two questions that
agree, so that no chance speaks.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks import messages
from grader.checks.collection import CheckSuite, named_results, sizes_of
from grader.checks.locate.cause import Cause, Proof, Rerun, Trial
from grader.checks.locate.explain import Explainer, Finding, found_in
from grader.checks.locate.locate import NEUTRAL, Comparison
from grader.checks.locate.trace import (
    Malformed,
    Node,
    Operand,
    Text,
    TooMuch,
    Trace,
    Work,
    operands_of,
    read_text,
    read_trace,
)
from grader.checks.report import Located
from grader.checks.student import NO_ANSWER, Call, CheckRun
from grader.course import Exercise
from grader.sandbox import recording
from grader.sandbox.values import Array, map_leaves, walk_arrays
from grader.sandbox.worker import Worker

INDEPENDENT = 2
MAX_QUESTIONS = 3  # that are recorded
MAX_GIVEN = 20_000  # numbers in a question that is recorded
FEW_STEPS = 3
SEEN_FIRST = ("broadcast", "order of steps")  # kinds of mistakes that need no trial
SEEN = (*SEEN_FIRST, "form", "returned")  # and those that are told where none mends
SHAPE = re.compile("shape|broadcast|dimension|aligned|out of bounds|too many indices|axis|axes|sum over")
WHOLE = re.compile(r"\bu?int\d*\b|_like\(|\barray\(|\bfull\(|arange\(")  # in what may make an array of those
INTO = re.compile(r"into shape (\([\d, ]*\))")
PROGRAM = Path(recording.__file__)
NEEDS = {
    "MatMult dot matmul": "@ needs as many columns on its left as rows on its right",
    "Mult multiply": "* works entry by entry, where sizes are the same or 1; @ adds up along the axis that "
    "two matrices share",
    "vstack row_stack": "what is stacked in rows needs as many columns",
    "hstack column_stack": "what is stacked side by side needs as many rows",
    "concatenate append": "only along the axis that is joined (axis=0 unless said) may sizes differ",
    "stack array asarray": "all of them need one shape",
    "einsum tensordot inner vdot": "what is summed over needs the same size on both sides",
    "reshape": "another shape has to hold as many entries",
    "store": "what is assigned has to fit its place",
    "item": "there is one index for each axis, which runs from 0 to one less than its size",
    "after": "the left side keeps its shape, which the right side has to fit (keepdims=True keeps an axis)",
}
"""What an operation asks of its operands, by its names in a recorded run."""
ENTRY_BY_ENTRY = "entry by entry, from the last axis on, two sizes have to be the same or one of them 1"


class RecordedSubmission:
    """A student's file in a worker of its own, where its functions record.

    Raises:
        Malformed: it cannot be parsed, or is too large to be followed.
    """

    def __init__(self, run: CheckRun, worker: Worker) -> None:
        self._run, self._worker, limits = run, worker, run.exercise.file.limits
        worker.load("recording", PROGRAM.name, PROGRAM.read_bytes(), limits.load_seconds)
        self.text: Text = read_text(self._call("parse", _bytes(run.source.data)))
        used = [part for module, source in run.used.items() for part in (module, _bytes(source.data))]
        self._call("begin", run.exercise.file.module, run.source.name, *used)

    def _call(self, function: str, *arguments: Any) -> Any:
        seconds = self._run.exercise.file.limits.call_seconds
        with self._run.patience.bounding(self._worker, seconds) as limit:
            return self._worker.call(function, arguments, limit).value

    def trace(self, call: Call) -> Trace:
        """Ask a question again and return what was recorded; raises Malformed."""
        return read_trace(
            self.text, self._call("record", call.function, recording.RESULT, (), *call.arguments)
        )

    def rerun(self, call: Call) -> Rerun:
        """Return what asks a question again with a node's values replaced, and returns the results."""

        def results(node: int, values: Sequence[Array]) -> tuple[Array, ...] | None:
            with contextlib.suppress(Malformed, *NO_ANSWER):
                report = self._call("record", call.function, node, tuple(values), *call.arguments)
                trace = read_trace(self.text, report)
                return None if trace.result is None else tuple(trace.values[n] for n in trace.result)
            return None

        return results


def _bytes(data: bytes) -> Any:
    return np.frombuffer(data, np.uint8)


@contextlib.contextmanager
def recorded_submission(run: CheckRun) -> Iterator[RecordedSubmission]:
    """Open a submission for recording; raises Malformed, or what a worker raises that gives no answer."""
    limits = run.exercise.file.limits
    worker = run.pool.open((limits.memory_bytes, int(limits.exercise_seconds) + 1))
    try:
        yield RecordedSubmission(run, worker)
    finally:
        worker.dismiss()


def telling(call: Call) -> tuple[int, ...]:
    """Order questions: first those whose arrays have several steps and columns, and few zeros and ones."""
    arrays = [array for _, array in walk_arrays(call.arguments) if array.dtype.kind == "f" and array.size > 1]
    shapes = [array.shape for _, array in walk_arrays(call.arguments)]
    plain = sum(float(np.isin(np.abs(array), NEUTRAL).mean()) > 0.5 for array in arrays)
    steps = max((shape[0] for shape in shapes if len(shape) == 3), default=FEW_STEPS)
    singles = sum(shape.count(1) for shape in shapes)
    return plain, steps < FEW_STEPS, singles, sum(array.size for array in arrays)


def jitter(value: Any, rng: np.random.Generator) -> Any:
    """Return a value with every real number in it somewhat larger or smaller."""

    def moved(leaf: Any) -> Any:
        real = isinstance(leaf, float) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f")
        return leaf * rng.uniform(0.8, 1.25, np.shape(leaf)) if real else leaf

    return map_leaves(value, moved)


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


def locate(
    suite: CheckSuite, run: CheckRun, function: str, wrong: Sequence[Call], work: Work
) -> Located | None:
    """Find the line that makes a function's answers wrong.

    Args:
        work: that may be done; less is left afterwards.
        wrong: questions that it answered wrongly.

    Returns:
        Where and why, as far as two questions agree on it; None if they do not.
    """
    asked = sorted((call for call in wrong if call.numbers <= MAX_GIVEN), key=telling)
    asked = [call for call in asked if not telling(call)[0]] or asked  # zeros hide what they are added to
    chosen, rng = _different(asked)[:MAX_QUESTIONS], np.random.default_rng(0)
    while asked and len(chosen) < INDEPENDENT:
        moved = jitter(asked[0].arguments, rng)
        chosen.append(dataclasses.replace(asked[0], arguments=moved))
    with contextlib.suppress(Malformed, *NO_ANSWER), recorded_submission(run) as submission:
        found = [each for call in chosen if (each := _findings(suite, submission, call, work))]
        for each in found:
            if cut := _whole_numbers(run, each.roles.comparison.mine):
                return cut
        if told := agreed(found):
            first, second = told
            finding = first.findings[0]
            trials = [Trial(each.roles, submission.rerun(each.call)) for each in (first, second)]
            line, cause = explained(finding, trials)
            return located(run, line, finding, cause, first.roles.comparison)
    return None


def _whole_numbers(run: CheckRun, trace: Trace) -> Located | None:
    """Find an array of whole numbers into which others were put; such arrays leave no event of their own."""
    seen, made = {(event.node.statement, event.node.text) for event in trace.events}, dict[str, int]()
    named = {shown for _, shown in seen}
    for number, each in enumerate(trace.text.statements):
        into, rounded = each.target.partition("[")[0], each.value.removesuffix(".astype(int)")
        is_whole = into in made and into not in named
        if each.kind == "Assign" and each.target == into and WHOLE.search(each.value):
            made[into] = each.line
            is_whole = rounded != each.value and (number, each.value) not in seen
        if is_whole and (number, rounded) in seen:
            says = f"`{into}` is an array of whole numbers: line {each.line} loses the fractions there."
            cause = "leave int out: np.zeros(shape) has room for fractions"
            return _line(run, trace, made[into], says, cause, "an array of whole numbers")
    return None


def _line(run: CheckRun, trace: Trace, line: int, *said: str) -> Located:
    """Return what is said of a line, with its place as an editor opens it."""
    source = trace.text.lines[line - 1].strip() if 0 < line <= len(trace.text.lines) else ""
    return Located(line, f"exercises/{run.exercise.id}/{run.source.name}:{line}", source, *said)


def tell_shapes(suite: CheckSuite, run: CheckRun, check: str, calls: Sequence[Call]) -> Located | None:
    """Tell where shapes do not fit, by the operands' names; None if that is not why a check failed.

    Args:
        check: its name; its message speaks of the sizes that are told, and leaves out their line.
        calls: of those that raised as its own did, one with telling sizes is asked again.
    """
    raised = [(call, call.answer.raised) for call in reversed(calls) if call.answer.raised]
    kinds = [(re.sub("[0-9]+", "", what.text), [line for line, *_ in what.frames]) for _, what in raised]
    own = next((kind for kind, (call, _) in zip(kinds, raised, strict=True) if call.check == check), None)
    alike = [pair for kind, pair in zip(kinds, raised, strict=True) if kind == own]
    if not alike:
        return None
    call, what = min(alike, key=lambda pair: telling(pair[0]))
    if not SHAPE.search(what.text) or messages.reason(what):
        return None
    right = None if suite.recorded else suite.recorded_solution.trace(call.function, call.arguments)
    shapes = {value.shape for value in right.values} if right else set[tuple[int, ...]]()
    for _, array in walk_arrays(call.arguments) if right else ():
        shapes |= {array.shape, array.shape[array.ndim == 3 :]}
    with contextlib.suppress(Malformed, *NO_ANSWER), recorded_submission(run) as submission:
        trace = submission.trace(call)
        operands = operands_of(trace, shapes)
        if trace.raised and any(each.shape for each in operands):
            node, sizes = trace.raised.node, sizes_of(suite.exercise, call.function, call.arguments)
            shown = messages.traceback_lines(what, run.source.name).splitlines()
            kept = "\n".join(text for text in shown if f", line {node.line}," not in text)
            key, fits = (
                f"shapes that do not fit: {node.operation}",
                shapes_told(node, operands, sizes, what.text),
            )
            located = _line(run, trace, node.line, fits, "", key, f"stop at line {node.line}")
            said = f"`{call.function}` raises {messages.exception_text(what)}{kept}"
            run.change(check, message=said, located=located)
            return located
    return None


def shapes_told(node: Node, operands: Sequence[Operand], sizes: Mapping[str, int], numpy_says: str) -> str:
    """Say which shapes met, what the operation asks of them, and which line made one that is wrong.

    Args:
        node: the expression that raised; where an item was assigned, what it was assigned to.
        operands: what went into it, from left to right.
        sizes: what the letters of the course stand for.
        numpy_says: the text of the exception.
    """
    shapes = dict[str, dict[str, None]]()
    names, place = {node.kind, node.operation}, INTO.search(numpy_says)
    if node.kind == "store" and not place:
        names = {"item"}
    elif node.kind == "store" and place:
        slot = dataclasses.replace(operands[0], text=node.text, shape=ast.literal_eval(place[1]), line=0)
        operands = (slot, *operands[1:])
    for each in operands:
        made = f", made in line {each.line}" if each.line not in (0, node.line) else ""
        shapes.setdefault(each.text, {})[lettered(each.shape, sizes) + made] = None
    parts = [
        f"`{text}` {'holds' if found[1:] else 'is'} {' and '.join(found)}"
        for text, (*found,) in shapes.items()
    ]
    needs = next((said for known, said in NEEDS.items() if names & {*known.split()}), ENTRY_BY_ENTRY)
    needs = f": {needs}" if len(operands) > 1 or names & {"item", "reshape"} else ""
    wrong = [each.line for each in operands if each.wrong and each.line not in (0, node.line)]
    first = f" No array here has the shape that line {wrong[0]} makes." if wrong else ""
    return f"{'; '.join(parts)}{needs}.{first}"


def lettered(shape: tuple[int, ...], sizes: Mapping[str, int]) -> str:
    """Write a shape in the letters of the course, where they are sure, and in numbers."""
    letters = []
    for size in shape:
        named = [name for name, each in sizes.items() if each == size > 1]
        named = [name for name in named if name.isalpha()] or named
        letters.append(named[0] if len(named) == 1 else str(size))
    written = f"({', '.join(letters)}{',' * (len(shape) == 1)})"
    return written if written == str(shape) else f"{written} = {shape}"


def _different(calls: Sequence[Call]) -> list[Call]:
    """Put questions of other sizes first: two that differ in nothing agree more easily."""
    seen, first, rest = set[Any](), list[Call](), list[Call]()
    for call in calls:
        shapes = tuple(array.shape for _, array in walk_arrays(call.arguments))
        (rest if shapes in seen else first).append(call)
        seen.add(shapes)
    return first + rest


@dataclass(frozen=True)
class Found:
    """What is wrong in the answer to one question, what should be mended first at the beginning."""

    call: Call
    findings: list[Finding]
    roles: Explainer


def _findings(suite: CheckSuite, submission: RecordedSubmission, call: Call, work: Work) -> Found | None:
    right = suite.recorded_solution.trace(call.function, call.arguments)
    mine = submission.trace(call)
    if right is None or right.result is None or mine.result is None:
        return None
    found = compare(suite, call, mine, right, work)
    return found if found.findings else None


def compare(suite: CheckSuite, call: Call, mine: Trace, right: Trace, work: Work) -> Found:
    """Lay two recorded calls side by side, and find what is wrong in the student's."""
    given = [array for _, array in walk_arrays(call.arguments)]
    with np.errstate(all="ignore"):
        comparison = Comparison(mine, right, given, work)
        comparison.excuse_other_styles()
        answer = suite.mistakes.solution.answer(call.function, call.arguments).value
        results = tuple(named_results(answer, suite.reference, call.function))
        explainer = Explainer(comparison, call.function, results, named_quantities(suite.exercise))
        return Found(call, found_in(explainer), explainer)


def agreed(found: Sequence[Found]) -> tuple[Found, Found] | None:
    """Return two questions that agree on a line; None if none do."""
    for number, first in enumerate(found):
        for second in found[number + 1 :]:
            if first.findings[0].line == second.findings[0].line:
                return first, second
    return None


def explained(finding: Finding, trials: Sequence[Trial]) -> tuple[int, Cause | None]:
    """Return the line that is to blame for what was found, and the cause."""
    seen = Cause(finding.kind, finding.cause, finding.key) if finding.cause else None
    line, cause = finding.line, None
    if finding.kind in SEEN_FIRST:
        return line, seen
    with contextlib.suppress(TooMuch):
        line, cause = Proof(trials).source(line)
    if cause and cause.text:
        return line, cause
    return line, seen if line == finding.line and finding.kind in SEEN else None


def located(
    run: CheckRun, line: int, finding: Finding, cause: Cause | None, comparison: Comparison
) -> Located:
    """Tell a line: the place as an editor opens it, the line, what is right before it and what is not."""
    around = [each for each in comparison.mine.text.statements if each.line <= line <= each.end]
    made = [each.target for each in around if each.kind in ("Assign", "AugAssign", "AnnAssign")]
    target = f"`{made[-1]}`" if made and "," not in made[-1] else "what this line makes"
    before = _right_before(comparison, line)
    says = f"`{before}` is right; {target} is the first that is not"
    says = says if before else f"{target[:1].upper()}{target[1:]} is the first value that is not right"
    if not comparison.right.events:  # bare numbers: one that is right may stand in another one's place
        says += ": look at this line, and at what it takes."
    else:
        says += ", and is made of right ones." if line == finding.line else "."
    all_spoilt = {*comparison.wrong_results} <= finding.outputs
    shared = f"use {target.replace('this line', f'line {line}')}" if all_spoilt else ""
    said = (cause.text, cause.key) if cause else ("", "")
    return _line(run, comparison.mine, line, says, *said, shared)


def _right_before(comparison: Comparison, line: int) -> str:
    """Return the name that was bound last above a line, if what it holds is right."""
    text, found = comparison.mine.text, ""
    for event in comparison.mine.events:
        if event.node.statement < 0 or event.node.line >= line:
            continue
        bound = text.statements[event.node.statement]
        whole = bound.kind == "Assign" and bound.value == event.node.text and len(bound.binds) == 1
        if whole and len(event.values) == 1 and comparison.is_right(event.values[0]):
            found = bound.target
    return found
