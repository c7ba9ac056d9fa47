"""Panels, and the plot files that make them: what a student's or an author's fault does to them."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from grader.checks.plots import Drawing, draw, plot_path
from grader.checks.source import Source, read_source
from grader.course import Course, CourseError
from grader.numeric import CheckFailed
from grader.plot import Curve, Panel, assert_drawable, compared
from grader.sandbox.pool import WorkerPool

# --- panels -------------------------------------------------------------------------------------------


def test_curves_and_panels_need_something_to_show() -> None:
    with pytest.raises(ValueError, match="has no values"):
        Curve("empty", ())
    with pytest.raises(ValueError, match="has no curves"):
        Panel("Title", "t", "y", ())


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
    exercise = course["exercise-1"]
    return draw(exercise, read_source(exercise, course.root / submission), pool)


def test_the_solution_is_drawn(tiny: Course, pool: WorkerPool) -> None:
    drawing = drawn(tiny, pool)
    assert drawing.fault == ""
    assert [panel.title for panel in drawing.panels] == ["Twice as much", "Stretched"]
    for panel in drawing.panels:
        assert panel.curves[0].values == panel.curves[1].values
    assert drawn(tiny, pool) == drawing


def test_the_stub_is_not_drawn(tiny: Course, pool: WorkerPool) -> None:
    drawing = drawn(tiny, pool, "exercises")
    assert drawing.panels == ()
    assert drawing.fault == "`double` is not written yet."


def test_panels_before_a_fault_are_kept(tiny: Course, pool: WorkerPool) -> None:
    exercise = tiny["exercise-1"]
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
    path = plot_path(tiny_copy["exercise-1"])
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")
    with pytest.raises(CourseError, match=said.replace("(", r"\(").replace(")", r"\)")):
        drawn(tiny_copy, pool)


@pytest.mark.parametrize(
    ("name", "old", "new", "panels"),
    [
        ("exercise-6", "= Whh.T @ (dh * (1 - hs[t + 1] ** 2))", "= Whh.T @ dh", 3),
        ("exercise-6", "norms = np.zeros(T + 1)", "norms = np.zeros(T)", 0),
        ("exercise-6", "np.abs(np.linalg.eigvals(W)).max()", '"nan"', 1),
        pytest.param("exercise-11", "p - lr * g for", "p + lr * g for", 3, marks=pytest.mark.slow),
    ],
)
def test_the_real_plots_show_a_mistake(
    course: Course, pool: WorkerPool, name: str, old: str, new: str, panels: int
) -> None:
    assert plot_path(course[name]).is_file()
    exercise = course[name]
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
    exercise = course["exercise-6"]
    for panel in draw(exercise, read_source(exercise, course.root / "solutions"), pool).panels:
        pairs = [two for two in itertools.pairwise(panel.curves) if two[0].whose == "student"]
        assert len(pairs) >= 2
        for mine, right in pairs:
            assert mine.label == right.label
            assert mine.values == pytest.approx(right.values)
