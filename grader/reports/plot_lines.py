"""Panels of a plot -> lines of plain characters, for a terminal or a pipe."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

from grader.plot import Curve, Panel
from grader.reports.text import Line, wrapped
from grader.sandbox.text import clean

ROWS = 13
GUTTER = 11  # columns for the numbers on the y axis
LARGEST = 1e300  # beyond that, differences of numbers leave their range
MEET = "where two curves meet, yours is on top"


def plot_lines(panel: Panel, width: int = 80) -> list[Line]:
    """Lay out one panel: capitals are the student's curves, small letters the reference's.

    A column that stands for several values shows their median.

    Args:
        width: columns of the terminal.
    """
    lines = list(wrapped(_plain(panel.title), "heading", width, indent=""))
    lines.append(Line(f"{'':{GUTTER}}{_plain(panel.y)}{', logarithmic' if panel.log else ''}", "detail"))
    lines += [Line(text, "detail") for text in (*_drawing(panel, width), *_legend(panel, width))]
    return [Line(line.text.rstrip()[:width], line.style) for line in lines]


def _plain(text: str) -> str:
    """Return a label on one line, without anything that a terminal would obey."""
    return " ".join(clean(text).split())


# --- the drawing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scale:
    """Maps values to rows, 0 at the bottom."""

    low: float
    high: float
    log: bool

    def row(self, height: float) -> int:
        return round((height - self.low) / (self.high - self.low) * (ROWS - 1))

    def number(self, row: int) -> str:
        height = self.low + (self.high - self.low) * row / (ROWS - 1)
        return f"{10 ** min(height, 308) if self.log else height:.2g}"


def _drawing(panel: Panel, width: int) -> Iterator[str]:
    columns = max(width - GUTTER - 2, 10)
    drawn = [(_letter(panel, curve), _heights(panel, curve, columns)) for curve in _student_last(panel)]
    found = [height for _, heights in drawn for height in heights if height is not None]
    if not found:
        yield f"{'':{GUTTER}}(there is nothing to draw: no value is finite and within the panel)"
        return
    room = 0.0 if min(found) < max(found) else 0.5
    scale = _Scale(min(found) - room, max(found) + room, panel.log)
    grid = [[" "] * columns for _ in range(ROWS)]
    for letter, heights in drawn:
        for column, height in enumerate(heights):
            if height is not None:
                grid[scale.row(height)][column] = letter
    for row in reversed(range(ROWS)):
        number = scale.number(row) if row in (0, ROWS // 2, ROWS - 1) else ""
        yield f"{number:>{GUTTER - 1}} |{''.join(grid[row])}"
    yield from _x_axis(panel, columns)


def _student_last(panel: Panel) -> list[Curve]:
    return sorted(panel.curves, key=lambda curve: curve.whose == "student")


def _letter(panel: Panel, curve: Curve) -> str:
    letters = ascii_uppercase if curve.whose == "student" else ascii_lowercase
    labels = list(dict.fromkeys(one.label for one in panel.curves))
    return letters[labels.index(curve.label) % len(letters)]


def _heights(panel: Panel, curve: Curve, columns: int) -> list[float | None]:
    """Return for each column the height at which a curve stands there, if it does."""
    heights = [_height(panel, value) for value in curve.values]
    shown: list[float | None] = []
    for column in range(columns):
        first = column * panel.length // columns
        last = max((column + 1) * panel.length // columns, first + 1)
        found = [height for height in heights[first:last] if height is not None]
        shown.append(statistics.median(found) if found else None)
    return shown


def _height(panel: Panel, value: float) -> float | None:
    if not math.isfinite(value) or (panel.floor is not None and value < panel.floor):
        return None
    if panel.log:
        return math.log10(value) if value > 0 else None
    return max(-LARGEST, min(LARGEST, value))


def _x_axis(panel: Panel, columns: int) -> Iterator[str]:
    axis = ["-"] * columns
    for mark in panel.marks:
        if 0 <= mark - panel.first < panel.length:
            axis[_column(mark - panel.first, panel, columns)] = "^"
    yield f"{'':{GUTTER}}+{''.join(axis)}"
    first, last = str(panel.first), str(panel.first + panel.length - 1)
    name = _plain(panel.x)
    yield f"{'':{GUTTER}} {first}{name:^{max(columns - len(first) - len(last), 1)}}{last}"


def _column(index: int, panel: Panel, columns: int) -> int:
    """Return the middle of the columns that show one value."""
    first = -(-index * columns // panel.length)
    last = -(-(index + 1) * columns // panel.length) - 1
    return min((first + max(last, first)) // 2, columns - 1)


# --- what the letters mean ----------------------------------------------------------------------------


def _legend(panel: Panel, width: int) -> Iterator[str]:
    """Explain each letter; where there is no room, the label gives way and not the numbers."""
    ends = {curve: f"{curve.values[0]:.3g} to {curve.values[-1]:.3g}" for curve in panel.curves}
    labels = {curve.label: _plain(curve.label) for curve in panel.curves}
    column = min(max(map(len, labels.values())), max(width - 18 - max(map(len, ends.values())), 0))
    for label, shown in labels.items():
        for curve in reversed(_student_last(panel)):
            if curve.label == label:
                whose = "yours" if curve.whose == "student" else "reference"
                yield f"  {_letter(panel, curve)}  {whose:<9}  {shown[:column]:<{column}}  {ends[curve]}"
    if panel.marks:
        yield f"  ^  {_plain(panel.mark_label)}"
    if len({curve.whose for curve in panel.curves}) == 2:
        yield f"  ({MEET})"
