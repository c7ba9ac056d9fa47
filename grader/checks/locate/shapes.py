"""Tells which shapes met where an array operation raised, by name, and which line made one that is wrong."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from grader.checks import messages
from grader.checks.collection import CheckSuite, sizes_of
from grader.checks.locate.arrays import line_told
from grader.checks.locate.questions import telling
from grader.checks.locate.trace import COMPUTED, Event, Malformed, Node, Trace, recorded_submission
from grader.checks.report import Located
from grader.checks.student import NO_ANSWER, Call, CheckRun
from grader.sandbox.values import walk_arrays

SHAPE = re.compile("shape|broadcast|dimension|aligned|out of bounds|too many indices|axis|axes|sum over")
INTO = re.compile(r"into shape (\([\d, ]*\))")
NEEDS = {
    "MatMult dot matmul": "@ needs as many columns on its left as rows on its right",
    "Mult multiply": "* works entry by entry, where sizes are the same or 1; @ adds up along the axis that "
    "two matrices share",
    "vstack row_stack": "what is stacked in rows needs as many columns",
    "hstack column_stack": "what is stacked side by side needs as many rows",
    "concatenate append": "only along the axis that is joined (axis=0 unless said) may sizes differ",
    "stack array asarray": "all of them need one shape; np.vstack and np.concatenate join along an axis",
    "einsum tensordot inner vdot": "what is summed over needs the same size on both sides",
    "reshape": "another shape has to hold as many entries",
    "store": "what is assigned has to fit its place",
    "item": "there is one index for each axis, which runs from 0 to one less than its size",
    "after": "the left side keeps its shape, which the right side has to fit (keepdims=True keeps an axis)",
}
"""What an operation asks of its operands, by its names in a recorded run."""
ENTRY_BY_ENTRY = "entry by entry, from the last axis on, two sizes have to be the same or one of them 1"


@dataclasses.dataclass(frozen=True)
class Operand:
    """What went into an evaluation that raised.

    Args:
        text: as it is written in the file.
        shape: of its value.
        line: that made its value or, if its shape is wrong, the first wrong one; 0 if it was given.
        wrong: whether nothing that is given or that the solution computes has this shape.
    """

    text: str
    shape: tuple[int, ...]
    line: int
    wrong: bool


def operands_of(trace: Trace, shapes: Collection[tuple[int, ...]]) -> tuple[Operand, ...]:
    """Return what went into the evaluation that raised: arrays and numbers, also inside lists and tuples.

    Nothing in it is the student's but the quoted texts, which are clean and of one line.

    Args:
        shapes: that are right: of the arguments, and of what the solution computes of them; none if nobody
            knows that.
    """
    if trace.raised is None:
        return ()

    def is_right(value: int) -> bool:
        return not shapes or trace.values[value].shape in shapes

    def parts(event: Event) -> Iterator[tuple[Node, int]]:
        """Yield what went into an evaluation, with its value; what a list is written with, one by one."""
        for each in (trace.events[number] for number in event.operands):
            if each.node.kind == "collection" and len(each.operands) == len(each.values):
                yield from parts(each)
            else:
                sizes = [
                    value for value in each.values if value in trace.whole and not trace.values[value].ndim
                ]
                yield from ((each.node, value) for value in each.values if value not in sizes)

    def maker(value: int) -> Node:
        """Return what made a value; if its shape is wrong, what made that of right ones."""
        while True:
            event = trace.events[trace.first[value]]
            spoilt = [each for _, each in parts(event) if not is_right(each)]
            if not spoilt or is_right(value):
                return event.node
            value = spoilt[0]

    return tuple(
        Operand(
            node.text,
            trace.values[value].shape,
            maker(value).line if maker(value).kind in COMPUTED or not is_right(value) else 0,
            not is_right(value),
        )
        for node, value in parts(trace.raised)
    )


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
    of_numpy = node.kind != "call" or hasattr(np, node.operation)  # and not of a module that is used
    entries = ENTRY_BY_ENTRY if of_numpy else ""
    needs = next((said for known, said in NEEDS.items() if names & {*known.split()}), entries)
    needs = f": {needs}" if needs and (len(operands) > 1 or names & {"item", "reshape"}) else ""
    wrong = [each.line for each in operands if each.wrong and each.line not in (0, node.line)]
    first = f" No array here has the shape that line {wrong[0]} makes." if wrong else ""
    return f"{'; '.join(parts)}{needs}.{first}"


def first_wrong(node: Node, operands: Sequence[Operand]) -> int:
    """Return the one line that made an operand of a wrong shape; else the one that raised."""
    lines = {each.line for each in operands if each.wrong}
    others = any(not each.wrong for each in operands)
    return max(lines) or node.line if len(lines) == 1 and others else node.line


def lettered(shape: tuple[int, ...], sizes: Mapping[str, int]) -> str:
    """Write a shape in the letters of the course, where they are sure, and in numbers."""
    letters = []
    for size in shape:
        named = [name for name, each in sizes.items() if each == size > 1]
        letters.append(named[0] if len(named) == 1 else str(size))
    written = f"({', '.join(letters)}{',' * (len(shape) == 1)})"
    return written if written == str(shape) else f"{written} = {shape}"


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
    explained = messages.reason(what) and "reshape" not in what.text  # which has shapes to tell besides
    if not SHAPE.search(what.text) or explained:
        return None
    right = None if suite.recorded else suite.recorded_solution.trace(call.function, call.arguments)
    shapes = {value.shape for value in right.values} if right else set[tuple[int, ...]]()
    for _, array in walk_arrays(call.arguments) if right else ():
        shapes |= {array.shape, array.shape[array.ndim == 3 :]}
    with contextlib.suppress(Malformed, *NO_ANSWER), recorded_submission(run, suite.left_alone) as submission:
        trace = submission.trace(call)
        operands = operands_of(trace, shapes)
        if trace.raised and any(each.shape for each in operands):
            node, sizes = trace.raised.node, sizes_of(suite.exercise, call.function, call.arguments)
            shown = messages.traceback_lines(what, run.source.name).splitlines()
            line = first_wrong(node, operands)
            kept = "\n".join(text for text in shown if f", line {line}," not in text)
            key = f"shapes that do not fit: {node.operation}"
            fits = shapes_told(node, operands, sizes, what.text)
            located = line_told(run, trace, line, fits, "", key, f"stop at line {node.line}")
            said = f"`{call.function}` raises {messages.exception_text(what)}{kept}"
            run.change(check, message=said, located=located)
            return located
    return None
