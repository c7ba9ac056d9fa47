"""``grader plot``: what a student's functions compute, beside the reference's, as a picture or as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import FAILED, USAGE, stop
from grader.cli.options import confinement_option, output_option, submission_option

if TYPE_CHECKING:
    from grader.checks.plots import Drawing
    from grader.course import Exercise


@click.command("plot")
@click.argument("exercise")
@output_option("The picture to write, SVG or PNG by its name [EXERCISE.svg in this folder].")
@click.option("--text", is_flag=True, help="Plot with plain characters, here.")
@submission_option("Plot")
@confinement_option()
@click.pass_obj
def command(
    course_folder: str | None,
    exercise: str,
    output: Path | None,
    text: bool,
    submission: Path | None,
    confinement: str,
) -> None:
    """Plot what your functions compute, beside the reference: for exercises that have something to see.

    Pictures need matplotlib: pip install "rnn-grader[plot]". Without it the plot is text. Exits with 1 if
    your code does not get through; what it got to before that is plotted.
    """
    from grader.checks.plots import plot_path, plotted
    from grader.course import find_course
    from grader.reports.text import unconfined

    course = find_course(course_folder)
    subject = course.exercise(exercise)
    if not plot_path(subject).is_file():
        others = ", ".join(plotted(course))
        stop(f"{exercise} has nothing to plot; these have: {others or 'none yet'}", USAGE)
    target = None if text else _target(output, f"{exercise}.svg")
    drawing = _draw(subject, submission, confinement)
    if drawing.panels and target is not None:
        _write(drawing, target, subject)
    elif drawing.panels:
        _print(drawing)
    for note in unconfined(drawing.confinement) if drawing.panels else []:
        click.echo(f"grader: {note}", err=True)
    if drawing.fault:
        stop(drawing.fault, FAILED)


def _target(output: Path | None, default: str) -> Path | None:
    """Decide where the picture goes before anything runs; None plots as text."""
    from grader.reports.plot_picture import SUFFIXES, NoMatplotlib, require_matplotlib

    target = output or Path(default)
    if target.suffix not in SUFFIXES:
        raise click.UsageError(f"{target} should end in {' or '.join(SUFFIXES)}")
    if not target.parent.is_dir():
        raise click.UsageError(f"there is no folder {target.parent} for {target.name}")
    try:
        require_matplotlib()
    except NoMatplotlib as missing:
        if output is not None:
            raise click.UsageError(f"{missing}; --text plots without") from None
        click.echo(f"grader: plotted as text; {missing}", err=True)
        return None
    return target


def _draw(exercise: Exercise, submission: Path | None, confinement: str) -> Drawing:
    from grader.checks.plots import draw
    from grader.checks.source import read_source
    from grader.cli.terminal import progress_line
    from grader.sandbox.pool import open_pool

    with open_pool(confinement) as pool, progress_line() as progress:
        return draw(exercise, read_source(exercise, submission), pool, progress=progress)


def _write(drawing: Drawing, target: Path, exercise: Exercise) -> None:
    from grader.reports.plot_picture import write_picture

    try:
        write_picture(drawing.panels, target, f"{exercise.id}  {exercise.file.title}")
    except OSError as error:
        raise click.UsageError(f"{target} cannot be written: {error.strerror}") from None
    count = len(drawing.panels)
    panels = f"{count} panels" if count > 1 else "1 panel"
    click.echo(f"{target} has {panels}: yours broad and pale, the reference's dashed")


def _print(drawing: Drawing) -> None:
    from grader.cli.terminal import print_lines, width
    from grader.reports.plot_lines import plot_lines
    from grader.reports.text import Line

    for number, panel in enumerate(drawing.panels):
        print_lines([*([Line("", "detail")] if number else []), *plot_lines(panel, width())])
