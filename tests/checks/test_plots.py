"""`grader plot`: panels as text and as pictures, and what a student's fault does to them."""

from __future__ import annotations

import dataclasses
import itertools
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.checks.plots import Drawing, draw, plot_path, plotted
from grader.checks.source import Source, read_source
from grader.course import Course, CourseError
from grader.numeric import CheckFailed
from grader.plot import Curve, Panel, assert_drawable, compared
from grader.reports.plot_lines import GUTTER, plot_lines
from grader.reports.plot_picture import write_picture
from grader.sandbox.pool import WorkerPool
from tests.cli.test_main import Run, run, solve

__all__ = ["run"]  # a fixture

HUGE = sys.float_info.max


def text(panel: Panel, width: int = 80) -> list[str]:
    return [line.text for line in plot_lines(panel, width)]


def straight(*curves: Curve, log: bool = False, floor: float | None = None) -> Panel:
    return Panel("Title", "t", "y", curves, log=log, floor=floor)


# --- text ---------------------------------------------------------------------------------------------


SMALL = """\
Norms
           |dh|, logarithmic
     1e+03 |                  AAAAAA
           |
           |
           |
           |            AAAAAA
           |
        32 |
           |
           |      AAAAAA
           |
           |
           |
         1 |AAAAAAbbbbbbbbbbbbbbbbbbbbbbbb
           +--^---------------------------
            1             t              5
  A  yours      Whh 0.5   1 to 1e+03
  a  reference  Whh 0.5   1 to 1
  b  reference  no clock  1 to 1
  ^  here
  (where two curves meet, yours is on top)"""


def test_a_small_panel_as_text() -> None:
    curves = (
        Curve("Whh 0.5", (1.0, 10.0, 100.0, 1000.0), "student"),
        Curve("Whh 0.5", (1.0, 1.0, 1.0, 1.0)),
        Curve("no clock", (1.0, 1.0, 1.0, 1.0, 1.0)),
    )
    panel = Panel("Norms", "t", "|dh|", curves, log=True, first=1, marks=(1,), mark_label="here")
    assert "\n".join(text(panel, 43)) == SMALL


@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("length", [1, 2, 7, 51, 1000])
def test_no_line_is_wider_than_asked_for(width: int, length: int) -> None:
    panel = straight(Curve("a", tuple(np.linspace(0, 1, length)), "student"), Curve("b" * 90, (0.5, 1e-300)))
    lines = text(panel, width)
    assert max(map(len, lines)) <= width
    assert lines[-2].endswith("  0.5 to 1e-300")


def test_a_long_curve_shows_the_median_of_each_column() -> None:
    noisy = np.where(np.arange(6800) % 100 == 0, 1000.0, 1.0)
    drawn = text(straight(Curve("loss", tuple(noisy)), Curve("top", (1000.0,))))
    assert sum(line[GUTTER:].count("a") for line in drawn[2:15]) == 80 - GUTTER - 2
    assert "a" in drawn[14]


def test_equal_curves_show_the_students() -> None:
    drawn = "\n".join(text(straight(Curve("y", (1.0, 2.0)), Curve("y", (1.0, 2.0), "student")))[2:15])
    assert "A" in drawn
    assert "a" not in drawn


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        (math.nan, 1.0),
        (math.inf, -math.inf, 2.0),
        (HUGE, -HUGE),
        (HUGE, 5e-324),
        (0.0, 0.0),
        (-1.0, -2.0),
        (3.0,),
        (math.nan,),
    ],
)
def test_no_number_breaks_a_plot(values: tuple[float, ...], log: bool, tmp_path: Path) -> None:
    panel = straight(Curve("y", values, "student"), Curve("y", (1.0, 2.0)), log=log)
    assert len(text(panel)) == 2 + 13 + 2 + 3
    alone = straight(Curve("y", values, "student"), log=log)
    assert text(alone)[0] == "Title"
    pytest.importorskip("matplotlib", reason="pictures need matplotlib, the extra `plot`")
    write_picture([panel, alone], tmp_path / "odd.svg", "odd")


def test_values_below_the_floor_leave_the_panel() -> None:
    curves = (Curve("vanishes", (1e-70, 1.0)), Curve("stays", (0.1, 1.0)))
    assert text(straight(*curves, log=True))[14].split()[0] == "1e-70"
    assert text(straight(*curves, log=True, floor=1e-3))[14].split()[0] == "0.1"


def test_a_panel_with_nothing_to_draw_says_so() -> None:
    assert "nothing to draw" in "\n".join(text(straight(Curve("y", (math.nan, 0.0)), log=True)))


def test_labels_cannot_command_a_terminal(tmp_path: Path) -> None:
    evil = "\x1b[2J\x07 $\\frac{ \u202e ::error::\n  ::warning::no"
    panel = Panel(evil, evil, evil, (Curve(evil, (1.0, 2.0)),), marks=(1,), mark_label=evil)
    lines = text(panel, 300)
    assert all(line.isprintable() for line in lines)
    assert not any(line.lstrip().startswith("::") for line in lines)
    pytest.importorskip("matplotlib", reason="pictures need matplotlib, the extra `plot`")
    write_picture([panel], tmp_path / "evil.svg", evil)
    assert "\x1b" not in (tmp_path / "evil.svg").read_text(encoding="utf-8")


# --- panels -------------------------------------------------------------------------------------------


def test_curves_and_panels_need_something_to_show() -> None:
    with pytest.raises(ValueError, match="has no values"):
        Curve("empty", ())
    with pytest.raises(ValueError, match="has no curves"):
        straight()


@pytest.mark.parametrize(
    "mine", [None, [1.0, 2.0], np.ones(3), np.ones((2, 1)), np.array([1.0, np.nan]), "x"]
)
def test_what_cannot_be_drawn_is_the_students_to_read(mine: object) -> None:
    with pytest.raises(CheckFailed, match="`norms`"):
        compared("norms", mine, np.ones(2), "norms")


def test_a_wrong_answer_is_drawn() -> None:
    mine, right = compared("norms", np.array([1e300, -5.0]), np.ones(2), "norms")
    assert (mine.values, mine.whose) == ((1e300, -5.0), "student")
    assert (right.values, right.whose) == ((1.0, 1.0), "reference")
    assert_drawable((np.zeros(2), 3.0), (np.ones(2), 1.0), "pair")


# --- the plot file ------------------------------------------------------------------------------------


def drawn(course: Course, pool: WorkerPool, submission: str = "solutions") -> Drawing:
    exercise = course.exercise("exercise-1")
    return draw(exercise, read_source(exercise, course.root / submission), pool)


def test_the_solution_is_drawn(tiny: Course, pool: WorkerPool) -> None:
    drawing = drawn(tiny, pool)
    assert drawing.fault == ""
    assert [panel.title for panel in drawing.panels] == ["Twice as much", "Stretched"]
    for panel in drawing.panels:
        assert panel.curves[0].values == panel.curves[1].values
    assert drawn(tiny, pool) == drawing
    assert plotted(tiny) == ("exercise-1",)


def test_the_stub_is_not_drawn(tiny: Course, pool: WorkerPool) -> None:
    drawing = drawn(tiny, pool, "exercises")
    assert drawing.panels == ()
    assert drawing.fault == "`double` is not written yet."


def test_panels_before_a_fault_are_kept(tiny: Course, pool: WorkerPool) -> None:
    exercise = tiny.exercise("exercise-1")
    source = Source("doubling.py", b"def double(x): return 2 * x\ndef scale(x, pair): return '\x1b[2J'.x")
    drawing = draw(exercise, source, pool)
    assert [panel.title for panel in drawing.panels] == ["Twice as much"]
    assert drawing.fault.startswith("`scale` raises AttributeError")
    assert "\x1b" not in drawing.fault


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("import numpy as np", "import nonsense", "plot_doubling.py:3: breaks: ModuleNotFoundError"),
        ("def plot(", "def draw(", "defines no function `plot(student, reference, rng)`"),
        ("reference.double(x)", "reference.dubble(x)", "plot_doubling.py:11: breaks: AttributeError"),
        ("student.double(x)", "student.triple(x)", "triple is not one of this exercise's functions"),
        (
            "import Panel, compared",
            "import compared\n\nPanel = lambda *_, **__: 3",
            "should give panels, but gives int",
        ),
        ('"""Yield', '"""Yield""" (', "breaks: SyntaxError"),
    ],
)
def test_a_broken_plot_file_is_the_courses_fault(
    tiny_copy: Course, pool: WorkerPool, old: str, new: str, said: str
) -> None:
    path = plot_path(tiny_copy.exercise("exercise-1"))
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")
    with pytest.raises(CourseError, match=said.replace("(", r"\(").replace(")", r"\)")):
        drawn(tiny_copy, pool)


@pytest.mark.parametrize(
    ("name", "old", "new", "panels"),
    [
        ("exercise-6", "= Whh.T @ (dh * (1 - hs[t + 1] ** 2))", "= Whh.T @ dh", 3),
        ("exercise-6", "norms = np.empty(T + 1)", "norms = np.empty(T)", 0),
        ("exercise-6", "np.abs(np.linalg.eigvals(W)).max()", '"nan"', 1),
        ("exercise-11", "p - lr * g for", "p + lr * g for", 3),
    ],
)
def test_the_real_plots_show_a_mistake(
    course: Course, pool: WorkerPool, name: str, old: str, new: str, panels: int
) -> None:
    assert name in plotted(course)
    exercise = course.exercise(name)
    source = read_source(exercise, course.root / "solutions")
    assert old.encode() in source.data
    wrong = dataclasses.replace(source, data=source.data.replace(old.encode(), new.encode()))
    drawing = draw(exercise, wrong, pool)
    assert (len(drawing.panels), bool(drawing.fault)) == (panels, panels < 3)
    if panels == 3:
        mine, right = drawing.panels[0].curves[:2]
        assert (mine.label, mine.whose) == (right.label, "student")
        assert mine.values != pytest.approx(right.values)


def test_the_real_plot_of_the_solution_is_the_references(course: Course, pool: WorkerPool) -> None:
    exercise = course.exercise("exercise-6")
    for panel in draw(exercise, read_source(exercise, course.root / "solutions"), pool).panels:
        pairs = [two for two in itertools.pairwise(panel.curves) if two[0].whose == "student"]
        assert len(pairs) >= 2
        for mine, right in pairs:
            assert mine.label == right.label
            assert mine.values == pytest.approx(right.values)


# --- the command --------------------------------------------------------------------------------------


@pytest.fixture
def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.partition(".")[0] == "matplotlib":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)


def test_plot_writes_a_picture(run: Run, tiny_copy: Course) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib, the extra `plot`")
    solve(tiny_copy)
    ran = run("plot", "exercise-1")
    said = "exercise-1.svg has 2 panels: yours broad and pale, the reference's dashed\n"
    assert (ran.code, ran.out, ran.err) == (0, said, "")
    first = (tiny_copy.root / "exercise-1.svg").read_bytes()
    assert b"<svg" in first
    assert run("plot", "exercise-1", "-o", "again.svg").code == 0
    assert (tiny_copy.root / "again.svg").read_bytes() == first
    assert run("plot", "exercise-1", "--output", "mine.png").code == 0
    assert (tiny_copy.root / "mine.png").read_bytes().startswith(b"\x89PNG")


def test_plot_as_text(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    ran = run("plot", "exercise-1", "--text")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.isascii()
    assert ran.out.startswith("Twice as much\n")
    assert "\n\nStretched\n" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert not [*tiny_copy.root.glob("*.svg")]


@pytest.mark.usefixtures("without_matplotlib")
def test_without_matplotlib_the_plot_is_text(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    ran = run("plot", "exercise-1")
    assert ran.code == 0
    assert ran.out.startswith("Twice as much\n")
    assert 'pip install "rnn-grader[plot]"' in ran.err
    ran = run("plot", "exercise-1", "-o", "mine.svg")
    assert ran.code == 2
    assert 'pip install "rnn-grader[plot]"; --text plots without' in ran.err
    assert not [*tiny_copy.root.glob("*.svg")]


def test_a_students_fault_is_one_sentence(run: Run, tiny_copy: Course) -> None:
    ran = run("plot", "exercise-1", "--text")
    assert (ran.code, ran.out, ran.err) == (1, "", "grader: `double` is not written yet.\n")
    solve(tiny_copy, scale="return x[0]")
    ran = run("plot", "exercise-1", "--text")
    assert ran.code == 1
    assert "Twice as much" in ran.out
    assert "Stretched" not in ran.out
    assert ran.err.startswith("grader: `y` should be a NumPy array of shape (1, 5), but has shape (5,)")


def test_plot_of_a_submission(run: Run, tiny_copy: Course) -> None:
    assert run("plot", "exercise-1", "--text", "--submission", "solutions").code == 0
    ran = run("plot", "exercise-1", "--text", "--submission", "solutions/exercise-1/variants")
    assert ran.code == 1
    assert "there is no exercise-1/doubling.py to grade" in ran.err


def test_an_unconfined_plot_says_so(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    ran = run("plot", "exercise-1", "--text", "--confinement", "none")
    assert ran.code == 0
    assert ran.err.startswith("grader: this code was not fully confined (without account, limits, seccomp)")


def test_wrong_usage_of_plot(run: Run, tiny_copy: Course) -> None:
    assert run("plot").code == 2
    assert run("plot", "exercise-9").code == 2
    assert "should end in .svg or .png" in run("plot", "exercise-1", "-o", "plot.pdf").err
    assert "there is no folder nowhere" in run("plot", "exercise-1", "-o", "nowhere/plot.svg").err
    shutil.copytree(tiny_copy.root / "exercises/exercise-1", tiny_copy.root / "exercises/exercise-2")
    shutil.copytree(tiny_copy.root / "solutions/exercise-1", tiny_copy.root / "solutions/exercise-2")
    (tiny_copy.root / "exercises/exercise-1/plot_doubling.py").unlink()
    ran = run("plot", "exercise-1")
    assert (ran.code, ran.err) == (2, "grader: exercise-1 has nothing to plot; these have: exercise-2\n")
