"""Panels of a plot -> a picture file; matplotlib is imported only here, and only when a picture is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.plot import Curve, Panel
from grader.sandbox.text import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

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


class NoMatplotlib(Exception):
    """Pictures need matplotlib, and it is not installed; the text says how to get it."""


def require_matplotlib() -> None:
    """Make sure that pictures can be drawn.

    Raises:
        NoMatplotlib: they cannot.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise NoMatplotlib('a picture needs matplotlib: pip install "rnn-grader[plot]"') from None


def write_picture(panels: Sequence[Panel], target: Path, title: str) -> None:
    """Draw panels below each other, the student's curves broad and pale, the reference's thin and dashed.

    Args:
        target: the file to write, SVG or PNG by its suffix.

    Raises:
        NoMatplotlib: there is none.
        OSError: the file cannot be written.
    """
    require_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, PANEL_HEIGHT * len(panels) + 0.4), layout="constrained")
        figure.suptitle(_plain(title))
        for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
            _draw(axes, panel)
        metadata = {"Date": None, "Creator": None} if target.suffix == ".svg" else {}
        figure.savefig(target, metadata=metadata, dpi=150)


def _draw(axes: Axes, panel: Panel) -> None:
    from matplotlib.ticker import MaxNLocator

    log = panel.log and any(value > SMALLEST for curve in panel.curves for value in curve.values)
    for curve in panel.curves:
        x = range(panel.first, panel.first + len(curve.values))
        axes.plot(x, [_shown(value, log) for value in curve.values], **_line(panel, curve))
    if log:
        axes.set_yscale("log", nonpositive="mask")
    if panel.floor is not None and axes.get_ylim()[0] < panel.floor:
        axes.set_ylim(bottom=panel.floor)
    for mark in panel.marks:
        axes.axvline(mark, color=INK, lw=1, ls=":", zorder=0)
    axes.set_title(_plain(panel.title), loc="left", fontsize=11)
    axes.set(xlabel=_plain(panel.x), ylabel=_plain(panel.y))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=(1, 2, 5, 10)))
    axes.legend(
        handles=_legend(panel), loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9
    )


def _plain(text: str) -> str:
    """Return a label that matplotlib draws as it stands: no formula, and nothing to obey."""
    return clean(text).replace("$", r"\$")


def _shown(value: float, log: bool) -> float:
    """Return what is drawn of a value: NaN leaves a gap."""
    if not math.isfinite(value) or (log and value < SMALLEST):
        return math.nan
    return max(-LARGEST, min(LARGEST, value))


def _line(panel: Panel, curve: Curve) -> dict[str, Any]:
    labels = list(dict.fromkeys(one.label for one in panel.curves))
    style = STUDENT_LINE if curve.whose == "student" else REFERENCE_LINE
    return {"color": COLOURS[labels.index(curve.label) % len(COLOURS)], **style}


def _legend(panel: Panel) -> list[Line2D]:
    """One entry a label, in its colour; then the two ways to draw a line; then the marks."""
    from matplotlib.lines import Line2D

    labels = dict.fromkeys(curve.label for curve in panel.curves)
    entries = [
        Line2D([], [], label=_plain(label), color=COLOURS[number % len(COLOURS)], lw=3)
        for number, label in enumerate(labels)
    ]
    for whose, style in (("student", STUDENT_LINE), ("reference", REFERENCE_LINE)):
        if any(curve.whose == whose for curve in panel.curves):
            name = "yours" if whose == "student" else whose
            entries.append(Line2D([], [], label=name, color=INK, **style))
    if panel.marks:
        entries.append(Line2D([], [], label=_plain(panel.mark_label), color=INK, lw=1, ls=":"))
    return entries
