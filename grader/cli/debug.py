"""``grader debug`` and ``grader plot``: what one's own functions compute, step by step and in pictures."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from grader import cli
from grader.checks import debug as debugging, plots, report, source
from grader.course import Course, Exercise, make_private_folder, shown_path
from grader.reports import Line, picture, unconfined, wrapped
from grader.sandbox.pool import open_pool


@click.command("debug")
@click.argument("name", metavar="EXERCISE")
@click.argument("check", required=False)
@cli.seed_option(help=cli.SAME_SEED)
@cli.output_option("The program to write [debug_EXERCISE.py in the course folder].", suffixes=(".py",))
@cli.pass_course
def debug(course: Course, name: str, check: str | None, seed: int | None, output: Path | None) -> None:
    """Write a small program that calls your function as a failing check does, and stops at its first line.

    CHECK is the name of a visible check; without it, the first that fails is meant. Run the program with
    python, in your editor or in Jupyter; there you can look at every step.
    """
    exercise = course[name]
    with open_pool() as pool, cli.progress_line() as progress:
        outcome, call = debugging.find_failing_call(exercise, pool, check, seed, progress)
    cli.print_lines(debug_lines(course, exercise, outcome, call, cli.width(), output))
    if outcome and outcome.status != "passed" and not call:
        sys.exit(cli.FAILED)


def debug_lines(
    course: Course,
    exercise: Exercise,
    outcome: report.Outcome | None,
    call: debugging.FailingCall | None,
    columns: int,
    output: Path | None = None,
) -> Iterator[Line]:
    """Write the program for what :func:`find_failing_call` found, and say how it is used."""
    if outcome is None or outcome.status == "passed":
        what = outcome.check if outcome else "every visible check"
        yield from wrapped(f"{what} passes; there is nothing to debug", "detail", columns, "")
        return
    yield from wrapped(f"{outcome.check}: {outcome.title}", "failed", columns, "")
    yield from wrapped(cli.clean(outcome.message), "detail", columns, "  ")
    if call is None:
        return
    name = f"debug_{exercise.id.replace('-', '_')}"
    arrays, content = course.state_folder / f"{name}.npz", io.BytesIO()
    np.savez(content, **dict[str, Any](call.arrays()))
    make_private_folder(course.state_folder)
    cli.write_output(content.getvalue(), arrays)
    target = output or course.root / f"{name}.py"
    root = None if target.resolve().parent == course.root else course.root
    cli.write_output(call.program(exercise, outcome, arrays.relative_to(course.root), root), target)
    yield Line("", "detail")
    yield from wrapped("This calls your function as the check does, and stops in it:", "detail", columns, "")
    yield Line(f"  {'python' if sys.platform == 'win32' else 'python3'} {shown_path(target)}", "heading")


@click.command("plot")
@click.argument("name", metavar="EXERCISE")
@cli.output_option(
    "The picture to write, SVG or PNG by its name [EXERCISE.svg in this folder].", suffixes=picture.SUFFIXES
)
@cli.submission_option("Plot")
@cli.confinement_option()
@cli.pass_course
def plot(course: Course, name: str, output: Path | None, submission: Path | None, confinement: str) -> None:
    """Plot what your functions compute, beside the reference: for exercises that have something to see.

    Pictures need matplotlib: pip install matplotlib. Exits with 1 if your code does not get through;
    what it got to before that is plotted.
    """
    exercise = course[name]
    if not plots.plot_path(exercise).is_file():
        others = ", ".join(each.id for each in course.exercises() if plots.plot_path(each).is_file())
        cli.stop(f"{exercise.id} has nothing to plot; these have: {others or 'none yet'}")
    target = output or Path(f"{exercise.id}.svg")
    cli.require_writable(target)
    picture.require_matplotlib()
    with open_pool(confinement) as pool, cli.progress_line() as progress:
        drawing = plots.draw(exercise, source.read_source(exercise, submission), pool, progress=progress)
    if count := len(drawing.panels):
        title = f"{exercise.id}  {exercise.file.title}"
        cli.write_output(picture.draw_picture(drawing.panels, title, target.suffix), target)
        panels = f"{count} panels" if count > 1 else "1 panel"
        click.echo(f"{target} has {panels}: yours broad and pale, the reference's dashed")
        for note in unconfined(drawing.confinement):
            click.echo(f"grader: {note}", err=True)
    if drawing.fault:
        cli.stop(drawing.fault, cli.FAILED)
