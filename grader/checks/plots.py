"""Runs an exercise's plot file: the student's functions, called in a worker, beside the reference's."""

import contextlib
import io
import types
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grader.checks.collection import PROCESS_LOCK, broken_module, load_module, load_reference
from grader.checks.source import Source
from grader.checks.student import CheckRun, Progress, Student, SubmissionFault
from grader.course import CourseError, Exercise
from grader.numeric import CheckFailed
from grader.plot import Panel
from grader.sandbox.text import clean
from grader.sandbox.worker import Pool

SEED = 1  # two plots of one submission should look the same


@dataclass(frozen=True)
class Drawing:
    """What a plot file made of one submission."""

    panels: tuple[Panel, ...]  # those that could be drawn
    fault: str = ""  # why there are no more, one sentence for the student
    confinement: tuple[str, ...] = ()  # layers that the student's code ran under; none if none of it ran


def plot_path(exercise: Exercise) -> Path:
    """Return where an exercise's plot file is, if it has one."""
    return exercise.folder / f"plot_{exercise.file.module}.py"


def draw(exercise: Exercise, source: Source, pool: Pool, *, progress: Progress | None = None) -> Drawing:
    """Run the plot file of an exercise on one submission.

    Args:
        progress: hears what a running call has printed last.

    Raises:
        CourseError: the plot file or the solution is missing or breaks.
    """
    module = load_plot(exercise)
    run = CheckRun(exercise, source, pool, progress)
    student = Student(run, asks_again=False)
    panels: list[Panel] = []
    fault = ""
    try:
        with (
            PROCESS_LOCK,
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")  # one that a student's numbers cause would quote our source
            for panel in module.plot(student, load_reference(exercise), np.random.default_rng(SEED)):
                if not isinstance(panel, Panel):
                    raise TypeError(f"`plot` should give panels, but gives {type(panel).__name__}")
                panels.append(panel)
    except (CheckFailed, SubmissionFault) as error:
        fault = clean(str(error), 4000)
    except CourseError:
        raise
    except Exception as error:
        raise broken_module(plot_path(exercise), error, "breaks") from None
    finally:
        student.finish()
    return Drawing(tuple(panels), fault, run.confinement)


def load_plot(exercise: Exercise) -> types.ModuleType:
    """Load a plot file; CourseError if it is missing, fails, or defines no function ``plot``."""
    path = plot_path(exercise)
    if not path.is_file():
        raise CourseError(path, "is missing; it defines `plot(student, reference, rng)`")
    module = load_module(path, path.stem, what="breaks")
    if not callable(getattr(module, "plot", None)):
        raise CourseError(path, "defines no function `plot(student, reference, rng)`; add it")
    return module
