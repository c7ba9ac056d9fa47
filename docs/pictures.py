"""Draws the pictures of the lessons.

    python docs/pictures.py [PICTURE.svg ...]

Without a name, all of them, in some seconds. The same matplotlib writes the same
bytes each time: text becomes outlines, ids come from a fixed salt, and no date is written.
"""

from __future__ import annotations

import contextlib
import functools
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path as Outline

from grader.checks.collection import load_reference
from grader.course import open_course

ROOT = Path(__file__).resolve().parents[1]
Array = np.ndarray[Any, np.dtype[Any]]
INK, GREY, FAINT = "#1b2430", "#6b7280", "#d5d9e0"
BACK, BLUE, GREEN, PURPLE = "#c2410c", "#1d5fa8", "#15803d", "#7c3aad"
PALE = {INK: "#f3f5f8", BACK: "#fdeee4", BLUE: "#e6f0fb", GREEN: "#e7f6ec", PURPLE: "#f3eafa"}
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "svg.fonttype": "path",
    "svg.hashsalt": "rnn-grader",
    "savefig.facecolor": "white",
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
}
UNITS_AN_INCH = 100
WHH_T = r"$\mathrm{Whh}^{\mathsf{T}}$"


# --- what every diagram is made of --------------------------------------------------------------------


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty white sheet whose units are hundredths of an inch."""
    figure = Figure(figsize=(width / UNITS_AN_INCH, height / UNITS_AN_INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def plate(x: float, y: float, w: float, h: float, radius: float = 7, **look: Any) -> FancyBboxPatch:
    """Return a rectangle with round corners, given its lower left one."""
    return FancyBboxPatch((x, y), w, h, f"round,pad=0,rounding_size={radius}", **look)


def box(
    axes: Axes, x: float, y: float, w: float, h: float, text: str, colour: str = INK, size: float = 11
) -> None:
    """Draw a rounded box around its centre, with text in it."""
    axes.add_patch(plate(x - w / 2, y - h / 2, w, h, fc=PALE[colour], ec=colour, lw=1.4, zorder=3))
    label(axes, x, y, text, size=size)


def knot(axes: Axes, x: float, y: float, text: str, radius: float = 13, **font: Any) -> None:
    """Draw a small circle with an operation in it."""
    axes.add_patch(Circle((x, y), radius, fc="white", ec=INK, lw=1.4, zorder=3))
    label(axes, x, y, text, **font)


def label(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = 11,
    colour: str = INK,
    ha: str = "center",
    **more: Any,
) -> None:
    """Write text around a point, on white where lines run behind it."""
    more.setdefault("va", "center_baseline" if "\n" not in text else "center")
    axes.text(x, y, text, fontsize=size, color=colour, ha=ha, zorder=5, **more)


def arrow(axes: Axes, *points: tuple[float, float], back: bool = False, **line: Any) -> None:
    """Draw a line through points, with round corners and a head at its end; dashed on the way back."""
    line = {"color": BACK if back else INK, "lw": 1.5, **line}
    outline = rounded(points)
    shaft = PathPatch(outline, fc="none", ec=line["color"], lw=line["lw"], zorder=2, capstyle="butt")
    if back:
        shaft.set_linestyle((0, (4, 2)))
    axes.add_patch(shaft)
    (x0, y0), (x1, y1) = points[-2:]
    length = float(np.hypot(x1 - x0, y1 - y0))
    start = x1 - 0.1 * (x1 - x0) / length, y1 - 0.1 * (y1 - y0) / length
    axes.add_patch(
        FancyArrowPatch(
            start,
            (x1, y1),
            arrowstyle="-|>,head_length=6,head_width=2.8",
            mutation_scale=1,
            shrinkA=0,
            shrinkB=0,
            color=line["color"],
            lw=0.5,
            zorder=4,
        )
    )


def rounded(points: tuple[tuple[float, float], ...], radius: float = 10) -> Outline:
    """Return the outline through points, its corners cut by curves; it stops short of the arrow's head."""
    dots = [np.array(one, dtype=float) for one in points]
    toward = dots[-1] - dots[-2]
    dots[-1] = dots[-1] - 5 * toward / np.linalg.norm(toward)
    vertices, codes = [dots[0]], [Outline.MOVETO]
    for before, corner, after in zip(dots, dots[1:], dots[2:], strict=False):
        enter = corner + radius * (before - corner) / np.linalg.norm(before - corner)
        leave = corner + radius * (after - corner) / np.linalg.norm(after - corner)
        vertices += [enter, corner, leave]
        codes += [Outline.LINETO, Outline.CURVE3, Outline.CURVE3]
    return Outline([*vertices, dots[-1]], [*codes, Outline.LINETO])


# --- exercises 1 and 3: one step, forward and back ----------------------------------------------------

STEP_ROWS = {"x": 235, "h": 130, "b": 45}  # heights of what enters the sum
ENTER, TIMES, SUM, TANH, LEAVE = 60, 205, 360, 480, 610  # columns of the step, from left to right


def step() -> Figure:
    """One step of recurrence: three terms, their sum, the squashing; shapes below each array."""
    figure, axes = canvas(730, 300)
    _step_forward(axes)
    for x, y, text in (
        (ENTER, STEP_ROWS["x"], "(D, N)"),
        (ENTER, STEP_ROWS["h"], "(H, N)"),
        (TIMES, STEP_ROWS["x"], "(H, D)"),
        (TIMES, STEP_ROWS["h"], "(H, H)"),
        (TIMES, STEP_ROWS["b"], "(H, 1)"),
        (LEAVE, STEP_ROWS["h"], "(H, N)"),
    ):
        label(axes, x, y - 36, text, size=9.5, colour=GREY)
    label(axes, (SUM + TANH) / 2, STEP_ROWS["h"] + 14, "$a_t$", size=13)
    label(axes, (SUM + TANH) / 2 + 2, STEP_ROWS["h"] - 16, "(H, N)", size=9.5, colour=GREY)
    label(axes, 690, STEP_ROWS["h"] + 20, "to the\nnext step", size=9.5, colour=GREY)
    return figure


def step_back() -> Figure:
    """The same step with the gradient of each array beside it, on dashed arrows back."""
    figure, axes = canvas(730, 300)
    _step_forward(axes, apart=8)
    x_row, h_row, b_row = STEP_ROWS.values()
    for start, end in (
        ((722, h_row - 8), (LEAVE + 30, h_row - 8)),
        ((LEAVE - 30, h_row - 8), (TANH + 31, h_row - 8)),
        ((TANH - 31, h_row - 8), (SUM + 14, h_row - 8)),
        ((SUM - 14, h_row - 8), (TIMES + 31, h_row - 8)),
        ((TIMES - 31, h_row - 8), (ENTER + 30, h_row - 8)),
        ((TIMES - 31, x_row - 8), (ENTER + 30, x_row - 8)),
    ):
        arrow(axes, start, end, back=True)
    arrow(axes, (SUM - 8, h_row + 12), (SUM - 8, x_row - 8), (TIMES + 31, x_row - 8), back=True)
    arrow(axes, (SUM - 8, h_row - 12), (SUM - 8, b_row + 8), (TIMES + 31, b_row + 8), back=True)
    for x, y, text in (
        (690, h_row - 24, "$dh$"),
        ((TANH + LEAVE) / 2, h_row - 26, "⊙ slope"),
        ((SUM + TANH) / 2, h_row - 26, "$da$"),
        (ENTER, x_row - 38, "$dx$"),
        (ENTER, h_row - 38, "$dh_{t-1}$"),
        (TIMES, x_row - 36, "$dWxh$"),
        (TIMES, h_row - 36, "$dWhh$"),
        (TIMES, b_row - 34, "$dbh$"),
    ):
        label(axes, x, y, text, size=11, colour=BACK)
    _legend(axes, 560, 270)
    return figure


def _step_forward(axes: Axes, apart: float = 0) -> None:
    """What both pictures share: the forward arrows, set above the middle where others come back."""
    x_row, h_row, b_row = STEP_ROWS.values()
    for name, row in (("$x_t$", x_row), ("$h_{t-1}$", h_row)):
        box(axes, ENTER, row, 58, 44, name, BLUE, size=14)
        arrow(axes, (ENTER + 29, row + apart), (TIMES - 30, row + apart))
    for name, row in (("Wxh ·", x_row), ("Whh ·", h_row), ("bh", b_row)):
        box(axes, TIMES, row, 60, 42, name, PURPLE)
    arrow(axes, (TIMES + 30, x_row + apart), (SUM + apart, x_row + apart), (SUM + apart, h_row + 13))
    arrow(axes, (TIMES + 30, h_row + apart), (SUM - 12, h_row + apart))
    arrow(axes, (TIMES + 30, b_row - apart), (SUM + apart, b_row - apart), (SUM + apart, h_row - 13))
    knot(axes, SUM, h_row, "+", size=13)
    arrow(axes, (SUM + 13, h_row + apart), (TANH - 30, h_row + apart))
    box(axes, TANH, h_row, 60, 42, "tanh")
    arrow(axes, (TANH + 30, h_row + apart), (LEAVE - 29, h_row + apart))
    box(axes, LEAVE, h_row, 58, 44, "$h_t$", GREEN, size=15)
    arrow(axes, (LEAVE + 29, h_row + apart), (722, h_row + apart), lw=2.2)


# --- exercise-5: the unrolled network -----------------------------------------------------------------


def unrolled() -> Figure:
    """The recurrence forward, and the two paths on which a gradient comes back to every state."""
    figure, axes = canvas(730, 415)
    row, columns, gap = 225, {"0": 50, "1": 190, "2": 352, "T": 632}, 502
    for name, x in columns.items():
        box(axes, x, row, 58, 52, f"$h_{name}$", BLUE, size=15)
    for name in "12T":
        _step(axes, columns[name], row, name)
    for left, right, name in ((50, 190, "1"), (190, 352, "2"), (352, gap, "3"), (gap, 632, "T")):
        first, last = left + 29, right - 29
        arrow(axes, (first, row + 9), (last, row + 9))
        arrow(axes, (last, row - 9), (first, row - 9), back=True)
        label(axes, (first + last) / 2, row + 21, "Whh", size=9.5)
        label(axes, (first + last) / 2, row - 24, f"⊙ $(1-h_{name}^{{\\,2}})$", size=9.5, colour=BACK)
        label(axes, (first + last) / 2, row - 46, WHH_T, size=9.5, colour=BACK)
    label(axes, gap, row, "· · ·", size=15)
    _legend(axes, 21, 360)
    _formula(
        axes,
        (130, "$dh_t$", "all paths to $h_t$"),
        (205, "=", ""),
        (285, "dhs[t - 1]", "from its own loss"),
        (370, "+", ""),
        (530, f"{WHH_T} $(\\,(1-h_{{t+1}}^{{\\,2}})$ ⊙ $dh_{{t+1}})$", "from all losses after it"),
    )
    return figure


def _step(axes: Axes, x: float, row: float, name: str) -> None:
    """One column: the input from below, the loss above, and its gradient coming down."""
    label(axes, x, 112, f"$x_{name}$", size=14)
    arrow(axes, (x, 127), (x, row - 26))
    label(axes, x + 7, 148, "Wxh", size=9.5, ha="left")
    box(axes, x, 350, 54, 40, f"$L_{name}$", size=14)
    arrow(axes, (x - 9, row + 26), (x - 9, 330))
    label(axes, x - 15, 291, "Why", size=9.5, ha="right")
    arrow(axes, (x + 9, 330), (x + 9, row + 26), back=True)
    index = "T - 1" if name == "T" else str(int(name) - 1)
    label(axes, x + 15, 291, f"dhs[{index}]", size=9.5, colour=BACK, ha="left")
    way = {"1": "0 steps", "2": "1 step", "T": "$T-1$ steps"}[name]
    label(axes, x, 388, f"{way} from $h_1$", size=9.5, colour=GREY)


def _legend(axes: Axes, x: float, y: float) -> None:
    arrow(axes, (x, y), (x + 30, y))
    label(axes, x + 38, y, "values", size=9.5, ha="left")
    arrow(axes, (x + 30, y - 20), (x, y - 20), back=True)
    label(axes, x + 38, y - 20, "gradients", size=9.5, colour=BACK, ha="left")


def _formula(axes: Axes, *parts: tuple[float, str, str]) -> None:
    """A formula at the foot of a picture: each part at its place, and what it is below it."""
    axes.add_patch(plate(20, 14, 690, 60, fc=PALE[BACK], ec="none"))
    for x, above, below in parts:
        label(axes, x, 52, above, size=12.5)
        label(axes, x, 28, below, size=9.5, colour=BACK)


# --- exercise-7: the LSTM cell ------------------------------------------------------------------------

C_ROAD, H_ROAD, MIX_ROW, GATE_ROW = 420, 150, 332, 238
F, I, MIX, G, O, OUT, H_OUT = 168, 246, 285, 324, 402, 482, 558  # columns of the cell, from left to right


def lstm_cell() -> Figure:
    """The cell: the road of c above, that of h below, the gates between; and two gradients into c."""
    figure, axes = canvas(730, 520)
    cell = FancyBboxPatch(
        (104, 118), 578, 346, "round,pad=0,rounding_size=14", fc="#fafbfc", ec=FAINT, lw=1.4
    )
    axes.add_patch(cell)
    _roads(axes)
    _gates(axes)
    _output_of_the_cell(axes)
    _gradients_into_c(axes)
    _legend(axes, 21, 500)
    return figure


def _roads(axes: Axes) -> None:
    """The memory's road, with its two operations, forward and back."""
    label(axes, 36, C_ROAD, "$c_{t-1}$", size=15)
    for start, end in ((62, F - 11), (F + 11, MIX - 11), (MIX + 11, OUT - 28), (OUT + 28, 722)):
        arrow(axes, (start, C_ROAD + 7), (end, C_ROAD + 7), lw=2.2)
        arrow(axes, (end, C_ROAD - 7), (start, C_ROAD - 7), back=True)
    knot(axes, F, C_ROAD, "⊙")
    knot(axes, MIX, C_ROAD, "+", size=13)
    box(axes, OUT, C_ROAD, 56, 44, "$c_t$", GREEN, size=15)


def _gates(axes: Axes) -> None:
    """State and input, stacked, reach all four gates; i and g meet, f waits for the memory."""
    label(axes, 36, H_ROAD, "$h_{t-1}$", size=15)
    label(axes, 136, 92, "$x_t$", size=15)
    arrow(axes, (62, H_ROAD), (119, H_ROAD), lw=2.2)
    arrow(axes, (136, 105), (136, H_ROAD - 16))
    for x, name, squash, colour in zip(
        (F, I, G, O), "figo", ("σ", "σ", "tanh", "σ"), (BLUE, BLUE, PURPLE, BLUE), strict=True
    ):
        arrow(axes, (153, H_ROAD), (x, H_ROAD), (x, GATE_ROW - 25))
        box(axes, x, GATE_ROW, 58, 50, "", colour)
        label(axes, x, GATE_ROW + 8, f"${name}_t$", size=15)
        label(axes, x, GATE_ROW - 14, squash, size=9, colour=GREY)
    box(axes, 136, H_ROAD, 34, 32, "$z$", size=14)
    label(axes, 207, H_ROAD - 15, "$z=[\\,h;\\ x\\,]$", size=10, colour=GREY)
    arrow(axes, (F, GATE_ROW + 25), (F, C_ROAD - 13))
    arrow(axes, (I, GATE_ROW + 25), (I, MIX_ROW), (MIX - 13, MIX_ROW))
    arrow(axes, (G, GATE_ROW + 25), (G, MIX_ROW), (MIX + 13, MIX_ROW))
    knot(axes, MIX, MIX_ROW, "⊙")
    arrow(axes, (MIX, MIX_ROW + 13), (MIX, C_ROAD - 13))


def _output_of_the_cell(axes: Axes) -> None:
    """What of the memory is shown: tanh of c, as far as o lets it out."""
    x = OUT - 10
    arrow(axes, (x, C_ROAD - 22), (x, MIX_ROW + 15))
    box(axes, x, MIX_ROW, 48, 30, "tanh", size=10)
    arrow(axes, (x, MIX_ROW - 15), (x, GATE_ROW + 13))
    knot(axes, x, GATE_ROW, "⊙")
    arrow(axes, (O + 29, GATE_ROW), (x - 13, GATE_ROW))
    arrow(axes, (x, GATE_ROW - 13), (x, H_ROAD), (H_OUT - 28, H_ROAD))
    box(axes, H_OUT, H_ROAD, 56, 44, "$h_t$", GREEN, size=15)
    arrow(axes, (H_OUT + 28, H_ROAD + 7), (722, H_ROAD + 7), lw=2.2)


def _gradients_into_c(axes: Axes) -> None:
    """Two gradients meet in c: one through the next cell, one through h; their sum goes on to f."""
    arrow(axes, (722, H_ROAD - 7), (H_OUT + 28, H_ROAD - 7), back=True)
    turn = 372
    arrow(axes, (H_OUT, H_ROAD + 22), (H_OUT, turn), (OUT + 12, turn), (OUT + 12, C_ROAD - 22), back=True)
    for x, y, text in (
        (704, H_ROAD - 23, "$dh$"),
        (705, C_ROAD - 23, "$dc$"),
        (83, C_ROAD - 25, "⊙ $f_t$"),
    ):
        label(axes, x, y, text, size=12, colour=BACK)
    for number, x, y in (("1", 520, C_ROAD + 27), ("2", H_OUT + 17, 322)):
        axes.add_patch(Circle((x, y), 9, fc=BACK, ec="none", zorder=3))
        label(axes, x, y, number, size=9.5, colour="white", weight="bold")
    label(axes, 534, C_ROAD + 27, "through the next cell", size=9.5, colour=BACK, ha="left")
    label(axes, H_OUT + 31, 322, "through $h_t$", size=9.5, colour=BACK, ha="left")
    label(axes, H_OUT + 9, 292, "⊙ $(1-\\tanh^2 c_t)$", size=10, colour=BACK, ha="left")
    label(axes, H_OUT + 9, 238, "⊙ $o_t$", size=10, colour=BACK, ha="left")
    left_out = "not drawn: the gradients into the gates, and through $z$ to $h_{t-1}$ and $x_t$"
    label(axes, 418, 97, left_out, size=9, colour=GREY)
    _formula(
        axes,
        (120, "gradient at $c_t$", "all paths to $c_t$"),
        (213, "=", ""),
        (262, "$dc$", "path 1"),
        (305, "+", ""),
        (440, "$dh$ ⊙ $o_t$ ⊙ $(1-\\tanh^2 c_t)$", "path 2"),
        (640, "⊙ $f_t$ → $dc_{t-1}$", "then one step back"),
    )


# --- exercise-6: gradient norms -----------------------------------------------------------------------

T, D, H = 50, 3, 16
DRAW = 377  # seed of the inputs and weights; another draw moves the ends by a factor of ten or a hundred
SCALES, BIASES = (0.5, 0.25, 0.01), (3, 1, 0)
FLOOR, CEILING = 1e-16, 1e3


def gradient_norms() -> Figure:
    """How large the gradient of the state at step t is, for three RNNs and three LSTMs."""
    figure, axes = chart(730, 410, left=0.252, right=0.892)
    styles = ("-", (0, (6, 1.5)), (0, (1.5, 1.2)))
    ends = []
    for names, curves, colour in (
        ([f"RNN, Whh = {scale:g} randn" for scale in SCALES], map(rnn_norms, SCALES), BACK),
        ([f"LSTM, bf = {bias}" for bias in BIASES], map(lstm_norms, BIASES), BLUE),
    ):
        for name, norms, style in zip(names, curves, styles, strict=True):
            axes.plot(norms, color=colour, lw=2, ls=style)
            if norms[0] > FLOOR:
                ends.append((norms[0], name, colour))
            else:  # it leaves the picture
                t = np.interp(np.log(20 * FLOOR), np.log(norms), range(T + 1))
                gone = f"{name}\n({norms[0]:.0e} at t = 0)"
                label(axes, t - 1, 20 * FLOOR, gone, colour=colour, ha="right", size=10)
    axes.set(yscale="log", xlim=(0, T), ylim=(FLOOR, CEILING), xlabel="time t", ylabel="norm of $dh_t$")
    name_ends(axes, -1, ends, ha="right")
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.spines[["left", "top"]].set_visible(False)
    axes.set_title("the loss sits at the last step; its gradient travels to the left", size=10, color=GREY)
    return figure


def rnn_norms(scale: float) -> Array:
    """Norms (T + 1,) of the gradient at each state of an RNN with weights of this size."""
    rng, dh, xs = draw()
    params = solution(2).RNNParams(
        Wxh=scale * rng.standard_normal((H, D)), Whh=scale * rng.standard_normal((H, H)), bh=np.zeros((H, 1))
    )
    hs = solution(2).rnn_forward(xs, np.zeros((H, 1)), params)
    return np.asarray(solution(6).gradient_norms(dh, hs, params))


def lstm_norms(bias: float) -> Array:
    """Norms (T + 1,) of the gradient at each state of an LSTM with this forget bias.

    The gradient at step t is the dh0 of the sequence that begins there.
    """
    _, dh, xs = draw()
    zeros = np.zeros((H, 1))
    params = solution(8).init_lstm(D, H, bias, DRAW)
    trace = solution(8).lstm_forward(xs, zeros, zeros, params)
    norms = [np.linalg.norm(dh)]
    for t in reversed(range(T)):
        dhs = np.zeros((T - t, H, 1))
        dhs[-1] = dh
        rest = type(trace)(trace.hs[t:], trace.cs[t:], type(trace.gates)(*(one[t:] for one in trace.gates)))
        norms.append(np.linalg.norm(solution(10).lstm_backward(dhs, zeros, xs[t:], rest, params)[1]))
    return np.array(norms[::-1])


def draw() -> tuple[np.random.Generator, Array, Array]:
    """The generator, the gradient (H, 1) at the last state and the inputs (T, D, 1)."""
    rng = np.random.default_rng(DRAW)
    dh = rng.standard_normal((H, 1))
    return rng, dh / np.linalg.norm(dh), rng.standard_normal((T, D, 1))


# --- exercise-16: what truncation leaves out ------------------------------------------------------------

TRUNCATED_SCALES, TRUNCATED_DRAWS = (0.5, 0.25, 0.1), 200


def missing_shares() -> Figure:
    """Median and middle nine tenths of the share of dWhh that is missing, by the steps that are kept."""
    figure, axes = chart(730, 360, left=0.095, right=0.86)
    kept, ends = np.arange(1, T - 1), []
    for scale, colour in zip(TRUNCATED_SCALES, (BACK, GREEN, BLUE), strict=True):
        low, middle, high = np.quantile(truncated(scale), (0.1, 0.5, 0.9), axis=0)
        axes.fill_between(kept, low, high, color=colour, alpha=0.15, lw=0)
        axes.plot(kept, middle, color=colour, lw=2)
        end = T - 2 if middle[-1] > 1e-4 else int(np.argmax(middle < 1e-4))
        ends.append((float(middle[end - 1]), end, f"{scale:g} randn", colour))
    axes.set(yscale="log", xlim=(0, T), ylim=(1e-4, 1.5), xlabel="steps kept", ylabel="missing share of dWhh")
    for y, x, name, colour in ends:
        label(axes, x + 0.8, max(y, 1.5e-4), name, colour=colour, ha="left", size=10)
    axes.spines[["right", "top"]].set_visible(False)
    return figure


@functools.cache
def truncated(scale: float) -> Array:
    """Missing shares (draws, T - 2) of RNNs with weights of this size; the first step reads only zeros."""
    found = []
    for seed in range(TRUNCATED_DRAWS):
        rng = np.random.default_rng(seed)
        Wxh, Whh = scale * rng.standard_normal((H, D)), scale * rng.standard_normal((H, H))
        params = solution(2).RNNParams(Wxh, Whh, np.zeros((H, 1)))
        hs = solution(2).rnn_forward(rng.standard_normal((T, D, 1)), np.zeros((H, 1)), params)
        parts = solution(16).lag_gradients(rng.standard_normal((H, 1)), hs, params)
        found.append(solution(16).missing_share(parts)[:-2])
    return np.array(found)


# --- exercise-11: four learning rates -----------------------------------------------------------------

TOY_STEPS, TOY_UNITS, TOY_SCALE = 600, 6, 0.5


def toy_losses() -> Figure:
    """Loss against step on the first of four bits, from the same weights, at four learning rates."""
    figure, axes = chart(730, 360, left=0.095, right=0.86)
    axes.axhline(float(np.log(2)), color=INK, lw=1, ls=(0, (5, 3)), zorder=4)
    ends = []
    for rate, colour in ((20.0, BACK), (0.01, PURPLE), (0.1, BLUE), (1.0, GREEN)):
        losses = train_toy(rate)
        axes.plot(losses, color=colour, lw=1.2 if rate == 20 else 2.2)
        ends.append((losses[-1], f"lr = {rate:g}", colour))
    axes.set(yscale="log", xlim=(0, TOY_STEPS), xlabel="step", ylabel="cross-entropy")
    name_ends(axes, TOY_STEPS + 8, [(float(np.log(2)), "log 2", INK), *ends], ha="left")
    axes.spines[["right", "top"]].set_visible(False)
    return figure


def train_toy(rate: float) -> Array:
    """Losses (TOY_STEPS,) of an RNN that learns to name the first of four bits."""
    rng, training = np.random.default_rng(0), solution(11)
    shapes = (TOY_UNITS, 1), (TOY_UNITS, TOY_UNITS), (1, TOY_UNITS)
    Wxh, Whh, Why = (TOY_SCALE * rng.standard_normal(shape) for shape in shapes)
    params = training.RNNParams(Wxh, Whh, np.zeros((TOY_UNITS, 1)))
    xs = np.array([[(np.arange(16) >> (3 - t)) & 1] for t in range(4)])
    with contextlib.redirect_stdout(io.StringIO()):
        *_, losses = training.train_toy(
            xs.astype(float), xs[0, 0], params, Why, np.zeros((1, 1)), rate, TOY_STEPS
        )
    return np.asarray(losses)


# --- exercise-11: the adding problem ------------------------------------------------------------------


LENGTH, BATCH, UNITS, STEPS, RATE, MAX_NORM = 40, 32, 12, 300, 0.02, 1.0
ANSWERING_ONE = 1 / 6  # the variance of a sum of two numbers between 0 and 1


def adding_losses() -> Figure:
    """Loss against step on the adding problem, for an LSTM in two initialisations and an RNN."""
    figure, axes = chart(730, 390, left=0.095, right=0.71)
    ends = [(ANSWERING_ONE, "answering 1: 0.167", INK)]
    axes.axhline(ANSWERING_ONE, color=INK, lw=1, ls=(0, (5, 3)), zorder=4)
    for name, losses, colour in (
        ("RNN", train_rnn(), BACK),
        ("LSTM, bf = 1", train_lstm(chrono=False), PURPLE),
        ("LSTM, bf = log U(1, T - 1)", train_lstm(chrono=True), BLUE),
    ):
        axes.plot(losses, color=colour, lw=0.7, alpha=0.3)
        smooth = running_mean(losses)
        axes.plot(smooth, color=colour, lw=2.2)
        ends.append((smooth[-1], name, colour))
    axes.set(yscale="log", xlim=(0, STEPS), xlabel="step", ylabel="mean squared error")
    name_ends(axes, STEPS + 4, ends, ha="left")
    axes.spines[["right", "top"]].set_visible(False)
    axes.set_title("each step, and the mean of the last 20", size=10, color=GREY)
    return figure


def train_lstm(*, chrono: bool) -> Array:
    """Losses (STEPS,) of the course's own training; chrono sets the forget biases for long memories."""
    training = solution(11)
    rng, xs, targets = adding_problem()
    zeros = np.zeros((UNITS, 1))
    bf, bi = zeros + 1, zeros
    if chrono:
        bf = np.log(rng.uniform(1, LENGTH - 1, (UNITS, 1)))
        bi = -bf
    weights = (uniform(rng, UNITS, UNITS + 2) for _ in range(4))
    params = training.LSTMParams(*weights, bf, bi, zeros, zeros)
    with contextlib.redirect_stdout(io.StringIO()):
        output = uniform(rng, 1, UNITS), np.zeros((1, 1))
        *_, losses = training.train_adding(xs, targets, params, *output, RATE, MAX_NORM)
    return np.asarray(losses)


def train_rnn() -> Array:
    """Losses (STEPS,) of an RNN that is trained in the same way."""
    training = solution(11)
    rng, xs, targets = adding_problem()
    params = solution(2).RNNParams(uniform(rng, UNITS, 2), uniform(rng, UNITS, UNITS), np.zeros((UNITS, 1)))
    output = training.OutputParams(uniform(rng, 1, UNITS), np.zeros((1, 1)))
    state, output_state = training.adam_start(params), training.adam_start(output)
    losses = []
    for batch, target in zip(xs, targets, strict=True):
        loss, grads, output_grads = rnn_gradients(batch, target, params, output)
        losses.append(loss)
        scale = min(1.0, MAX_NORM / np.sqrt(sum(np.sum(g**2) for g in (*grads, *output_grads))))
        params, state = training.adam_step(params, [scale * g for g in grads], state, RATE)
        output, output_state = training.adam_step(
            output, [scale * g for g in output_grads], output_state, RATE
        )
    return np.array(losses)


def rnn_gradients(
    xs: Array, target: Array, params: Any, output: Any
) -> tuple[float, Any, tuple[Array, Array]]:
    """Return the loss of one batch (T, D, N) and the gradients of all parameters."""
    hs = solution(2).rnn_forward(xs, np.zeros((UNITS, BATCH)), params)
    error = solution(2).output_forward(hs[-1], *output) - target
    dhs = np.zeros((LENGTH, UNITS, BATCH))
    dhs[-1], dW, db = solution(4).output_backward(2 * error / BATCH, hs[-1], output[0])
    return float(np.mean(error**2)), solution(5).rnn_backward(dhs, xs, hs, params)[2], (dW, db)


def adding_problem() -> tuple[np.random.Generator, Array, Array]:
    """The generator for what follows, inputs (STEPS, LENGTH, 2, BATCH) and targets (STEPS, BATCH)."""
    rng = np.random.default_rng(DRAW)
    xs = np.zeros((STEPS, LENGTH, 2, BATCH))
    xs[:, :, 0] = rng.random((STEPS, LENGTH, BATCH))
    targets = np.zeros((STEPS, BATCH))
    step, n = np.ogrid[:STEPS, :BATCH]
    for half in ((0, LENGTH // 2), (LENGTH // 2, LENGTH)):
        t = rng.integers(*half, (STEPS, BATCH))
        xs[step, t, 1, n] = 1
        targets += xs[step, t, 0, n]
    return rng, xs, targets


def uniform(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Draw weights (rows, columns) between -1/sqrt(UNITS) and 1/sqrt(UNITS)."""
    return rng.uniform(-(UNITS**-0.5), UNITS**-0.5, (rows, columns))


def running_mean(losses: Array, window: int = 20) -> Array:
    """Mean over the last steps, fewer at the beginning; shape (n,) as given."""
    sums = np.cumsum(np.concatenate([np.zeros(window), losses]))
    return (sums[window:] - sums[:-window]) / np.minimum(np.arange(1, len(losses) + 1), window)


# --- what both charts need ----------------------------------------------------------------------------


def chart(width: float, height: float, left: float, right: float) -> tuple[Figure, Axes]:
    """Return a sheet with one pair of axes, and room beside it for the names of the curves."""
    figure = Figure(figsize=(width / UNITS_AN_INCH, height / UNITS_AN_INCH))
    return figure, figure.add_axes((left, 0.13, right - left, 0.78))


def name_ends(axes: Axes, x: float, ends: list[tuple[float, str, str]], ha: str) -> None:
    """Write each name beside the end of its curve, and apart from the others; the y axis is logarithmic."""
    apart = 0.05 * float(np.log(axes.get_ylim()[1] / axes.get_ylim()[0]))
    below = -np.inf
    for y, name, colour in sorted(ends):
        height = max(float(np.log(y)), below + apart)
        label(axes, x, float(np.exp(height)), name, colour=colour, ha=ha, size=10)
        below = height


@functools.cache
def solution(number: int) -> Any:
    """Return the reference of an exercise."""
    return load_reference(open_course(ROOT)[f"exercise-{number}"])


PICTURES: dict[str, Callable[[], Figure]] = {
    "exercise-1/step.svg": step,
    "exercise-3/step-back.svg": step_back,
    "exercise-5/unrolled.svg": unrolled,
    "exercise-6/gradient-norms.svg": gradient_norms,
    "exercise-7/lstm-cell.svg": lstm_cell,
    "exercise-11/toy-losses.svg": toy_losses,
    "exercise-11/adding-losses.svg": adding_losses,
    "exercise-16/missing-shares.svg": missing_shares,
}


def main(names: list[str]) -> None:
    """Draw the pictures named, or all."""
    unknown = [one for one in names if one not in PICTURES]
    if unknown:
        sys.exit(f"there is no picture {unknown[0]}; there are {', '.join(PICTURES)}")
    for name in names or PICTURES:
        write(name, ROOT / "exercises" / name)


def write(name: str, target: Path) -> None:
    """Draw one picture into a file, SVG or PNG by its suffix."""
    with matplotlib.rc_context(STYLE):
        figure = PICTURES[name]()
        metadata = {"Date": None, "Creator": None} if target.suffix == ".svg" else {"Software": None}
        figure.savefig(target, metadata=metadata, dpi=96)


if __name__ == "__main__":
    main(sys.argv[1:])
