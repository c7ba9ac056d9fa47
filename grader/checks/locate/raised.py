"""Tells what does not fit where an expression raised: its operands by name, with their shapes in letters."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from grader.checks.collection import CheckSuite, axes_of
from grader.checks.locate.find import find_failure, telling
from grader.checks.locate.trace import Failure, Operand
from grader.checks.report import Located
from grader.checks.student import Call, CheckRun
from grader.course import Exercise
from grader.sandbox.values import walk_arrays

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
SHAPE = re.compile("shape|broadcast|dimension|aligned|out of bounds|too many indices|axis|axes|sum over")
PLACE = re.compile(r"into shape (\([\d, ]*\))")


def why_raised(suite: CheckSuite, run: CheckRun, calls: Sequence[Call]) -> tuple[Call, Located] | None:
    """Tell where shapes do not fit, by the operands' names; None if the first call did not raise for that.

    Args:
        calls: of one function; of those that raised as the first did, one with telling sizes is looked at.

    Returns:
        It, and what there is to say.
    """
    alike = [call for call in calls if _kind(call) == _kind(calls[0])]
    call = min(alike, key=telling, default=None)
    if not call or not call.answer.raised or not SHAPE.search(call.answer.raised.text):
        return None
    failure = find_failure(suite, run, call)
    if failure is None or not any(each.shape for each in failure.operands):
        return None
    line, frames = failure.node.line, call.answer.raised.frames
    return call, Located(
        line=line,
        place=f"exercises/{run.exercise.id}/{run.source.name}:{line}",
        source=next((source for number, _, source in reversed(frames) if number == line), failure.node.text),
        says=told(failure, sizes_of(suite.exercise, call), call.answer.raised.text),
        key=f"shapes that do not fit: {failure.node.operation or failure.node.kind}",
    )


def _kind(call: Call) -> tuple[str, tuple[int, ...]]:
    """Return what an exception says but for its numbers, and the lines that it came through."""
    raised = call.answer.raised
    return re.sub(r"\d+", "", raised.text) if raised else "", tuple(
        f[0] for f in raised.frames
    ) if raised else ()


def told(failure: Failure, sizes: Mapping[str, int], numpy_says: str) -> str:
    """Say which shapes met, what the operation asks of them, and which line made one that is wrong.

    Args:
        sizes: what the letters of the course stand for.
        numpy_says: the text of the exception.
    """
    node, operands, shapes = failure.node, failure.operands, dict[str, dict[str, None]]()
    if node.kind == "store" and (place := PLACE.search(numpy_says)):
        operands = (Operand(node.text, ast.literal_eval(place[1]), 0, wrong=False), *operands[1:])
    for each in operands:
        made = f", made in line {each.line}" if each.line not in (0, node.line) else ""
        shapes.setdefault(each.text, {})[lettered(each.shape, sizes) + made] = None
    parts = [
        f"`{text}` {'holds' if found[1:] else 'is'} {' and '.join(found)}"
        for text, (*found,) in shapes.items()
    ]
    names = {node.kind, node.operation}
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


def sizes_of(exercise: Exercise, call: Call) -> dict[str, int]:
    """Return what letters such as ``D`` stand for in a call, and sums such as ``H + D``."""
    names, sizes = exercise.parameters[call.function], dict[str, int]()
    for path, array in walk_arrays(call.arguments):
        axes = axes_of((names[int(path[0])], *path[1:])[-1], exercise, array.ndim)
        sizes.update(pair for pair in zip(axes, array.shape, strict=False) if not pair[0].isdecimal())
    return sizes
