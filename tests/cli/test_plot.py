"""`grader plot`: the file it writes, what it says of a student's fault, and what it refuses."""

from __future__ import annotations

import shutil
import sys

import pytest

from grader.course import Course
from tests.helpers import Run, solve

pytest.importorskip("matplotlib", reason="pictures need matplotlib, the extra `plot`")


@pytest.fixture
def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.partition(".")[0] == "matplotlib":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)


def test_plot_writes_a_picture(run: Run, tiny_copy: Course) -> None:
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


@pytest.mark.usefixtures("without_matplotlib")
def test_without_matplotlib_a_sentence_says_what_to_install(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    ran = run("plot", "exercise-1")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "grader: a picture needs matplotlib: pip install matplotlib\n"
    assert not [*tiny_copy.root.glob("*.svg")]


def test_a_students_fault_is_one_sentence(run: Run, tiny_copy: Course) -> None:
    ran = run("plot", "exercise-1")
    assert (ran.code, ran.out, ran.err) == (1, "", "grader: `double` is not written yet.\n")
    assert not [*tiny_copy.root.glob("*.svg")]
    solve(tiny_copy, scale="return x[0]")
    ran = run("plot", "exercise-1")
    assert ran.code == 1
    assert ran.out.startswith("exercise-1.svg has 1 panel: ")
    assert ran.err.startswith("grader: `y` should be a NumPy array of shape (1, 5), but has shape (5,)")


def test_plot_of_a_submission(run: Run, tiny_copy: Course) -> None:
    assert run("plot", "exercise-1", "--submission", "solutions").code == 0
    ran = run("plot", "exercise-1", "--submission", "solutions/exercise-1/variants")
    assert ran.code == 1
    assert "there is no exercise-1/doubling.py to grade" in ran.err


def test_an_unconfined_plot_says_so(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    ran = run("plot", "exercise-1", "--confinement", "none")
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
