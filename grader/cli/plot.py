"""``grader plot``: what a student's functions compute, beside the reference's, as a picture."""

from pathlib import Path

import click

from grader.checks.plots import draw, plot_path
from grader.checks.source import read_source
from grader.cli import (
    FAILED,
    USAGE,
    Course,
    confinement_option,
    output_option,
    pass_course,
    progress_line,
    require_writable,
    stop,
    submission_option,
    write_output,
)
from grader.reports.picture import SUFFIXES, draw_picture, require_matplotlib
from grader.reports.text import unconfined
from grader.sandbox.pool import open_pool


@click.command("plot")
@click.argument("exercise_id", metavar="EXERCISE")
@output_option(
    "The picture to write, SVG or PNG by its name [EXERCISE.svg in this folder].", suffixes=SUFFIXES
)
@submission_option("Plot")
@confinement_option()
@pass_course
def command(
    course: Course, exercise_id: str, output: Path | None, submission: Path | None, confinement: str
) -> None:
    """Plot what your functions compute, beside the reference: for exercises that have something to see.

    Pictures need matplotlib: pip install matplotlib. Exits with 1 if your code does not get through;
    what it got to before that is plotted.
    """
    exercise = course[exercise_id]
    if not plot_path(exercise).is_file():
        others = ", ".join(each.id for each in course.exercises() if plot_path(each).is_file())
        stop(f"{exercise.id} has nothing to plot; these have: {others or 'none yet'}", USAGE)
    target = output or Path(f"{exercise.id}.svg")
    require_writable(target)
    require_matplotlib()
    with open_pool(confinement) as pool, progress_line() as progress:
        drawing = draw(exercise, read_source(exercise, submission), pool, progress=progress)
    if count := len(drawing.panels):
        title = f"{exercise.id}  {exercise.file.title}"
        write_output(draw_picture(drawing.panels, title, target.suffix), target)
        panels = f"{count} panels" if count > 1 else "1 panel"
        click.echo(f"{target} has {panels}: yours broad and pale, the reference's dashed")
        for note in unconfined(drawing.confinement):
            click.echo(f"grader: {note}", err=True)
    if drawing.fault:
        stop(drawing.fault, FAILED)
