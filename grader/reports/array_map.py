"""Where an array is wrong -> lines: a small map, and in words which steps, units or columns."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.checks.report import Mismatch

RIGHT, OFF = "·", "x"
COUNTED = {"T": "time step", "T + 1": "state", "H": "unit", "D": "input", "O": "output", "N": "column"}


def map_lines(wrong: Mismatch, width: int) -> list[str]:
    """Draw rows and columns as the array has them, and steps of time beside each other.

    Args:
        width: columns there is room for; what does not fit is left to the words.
    """
    *steps, rows, columns = (1, *wrong.shape) if len(wrong.shape) == 1 else wrong.shape
    count = math.prod(steps)
    lines = [_words(wrong)]
    if count * (columns + 2) <= width and rows <= 12 and rows * columns > 1:
        lines += [_row(wrong.entries, row, rows, columns, count) for row in range(rows)]
    return [line for line in lines if line]


def _row(entries: str, row: int, rows: int, columns: int, count: int) -> str:
    """Return one row of every step."""
    starts = ((step * rows + row) * columns for step in range(count))
    parts = (entries[start : start + columns] for start in starts)
    return "  ".join(parts).replace(".", RIGHT).replace("x", OFF).rstrip()


def _words(wrong: Mismatch) -> str:
    """Say along which axes only some places are wrong; empty if the wrong ones are everywhere."""
    parts = list(_parts(wrong))
    axes = f" ({', '.join(wrong.axes)})" if wrong.axes else ""
    return f"{wrong.name}{axes}: {OFF} is wrong" + (f", only in {' and '.join(parts)}" if parts else "")


def _parts(wrong: Mismatch) -> Iterator[str]:
    for axis, size in enumerate(wrong.shape):
        stride = math.prod(wrong.shape[axis + 1 :])
        places = {number // stride % size for number, one in enumerate(wrong.entries) if one == "x"}
        if places and len(places) < size:
            name = COUNTED.get(wrong.axes[axis] if wrong.axes else "", f"axis {axis}, place")
            yield f"{name}{'s' if len(places) > 1 else ''} {_ranges(sorted(places))}"


def _ranges(numbers: list[int]) -> str:
    """Write 0, 1, 2, 5 as ``0 to 2, 5``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
