"""Panels of a plot -> a picture; matplotlib is imported only here, and only when one is drawn."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grader.course import CannotDo
from grader.plot import Panel
from grader.sandbox.text import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".svg", ".png")
INK = "#1b2430"
COLOURS = ("#1d5fa8", "#c2410c", "#15803d", "#7c3aad", "#6b7280")
WIDTH, PANEL_HEIGHT = 8.0, 3.2  # inches
STUDENT_LINE: dict[str, Any] = {"lw": 4.5, "alpha": 0.4, "solid_capstyle": "round"}
REFERENCE_LINE: dict[str, Any] = {"lw": 1.4, "ls": (0, (4, 1.5))}
SMALLEST, LARGEST = 1e-250, 1e250  # beyond that, an axis with its margins leaves the range of numbers
STYLE: dict[Any, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "rnn-grader",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "savefig.facecolor": "white",
}


def require_matplotlib() -> None:
    """Make sure that pictures can be drawn; else raise CannotDo."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise CannotDo("a picture needs matplotlib: pip install matplotlib") from None


def draw_picture(panels: Sequence[Panel], title: str, suffix: str) -> bytes:
    """Draw panels below each other, the student's curves broad and pale, the reference's thin and dashed."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, PANEL_HEIGHT * len(panels) + 0.4), layout="constrained")
        figure.suptitle(_literal(title))
        for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
            _draw(axes, panel)
        metadata = {"Date": None, "Creator": None} if suffix == ".svg" else {}
        file = io.BytesIO()
        figure.savefig(file, format=suffix[1:], metadata=metadata, dpi=150)
    return file.getvalue()


def _draw(axes: Axes, panel: Panel) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    # A colour for each label, the same for the student's curve and the reference's.
    colours = dict(zip(dict.fromkeys(curve.label for curve in panel.curves), itertools.cycle(COLOURS)))
    log = panel.log and any(value > SMALLEST for curve in panel.curves for value in curve.values)
    for curve in panel.curves:
        x = range(panel.first, panel.first + len(curve.values))
        style = STUDENT_LINE if curve.whose == "student" else REFERENCE_LINE
        drawn = [  # NaN leaves a gap
            max(-LARGEST, min(LARGEST, value))
            if math.isfinite(value) and not (log and value < SMALLEST)
            else math.nan
            for value in curve.values
        ]
        axes.plot(x, drawn, color=colours[curve.label], **style)
    if log:
        axes.set_yscale("log", nonpositive="mask")
    if panel.floor is not None and axes.get_ylim()[0] < panel.floor:
        axes.set_ylim(bottom=panel.floor)
    for mark in panel.marks:
        axes.axvline(mark, color=INK, lw=1, ls=":", zorder=0)
    axes.set_title(_literal(panel.title), loc="left", fontsize=11)
    axes.set(xlabel=_literal(panel.x), ylabel=_literal(panel.y))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=(1, 2, 5, 10)))
    # One entry a label, in its colour; then the two ways to draw a line; then the marks.
    entries = [Line2D([], [], label=_literal(label), color=colour, lw=3) for label, colour in colours.items()]
    for whose, style in (("student", STUDENT_LINE), ("reference", REFERENCE_LINE)):
        if any(curve.whose == whose for curve in panel.curves):
            entries.append(Line2D([], [], label="yours" if whose == "student" else whose, color=INK, **style))
    if panel.marks:
        entries.append(Line2D([], [], label=_literal(panel.mark_label), color=INK, lw=1, ls=":"))
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
    axes.legend(handles=entries, frameon=False, fontsize=9, **place)


def _literal(text: str) -> str:
    """Return a label that matplotlib draws as it stands: no formula, and nothing to obey."""
    return clean(text).replace("$", r"\$")
