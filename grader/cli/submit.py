"""``grader submit``: bundle what a learner wrote and answered, to hand it in."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from grader.cli import USAGE, Course, pass_course, stop
from grader.cli import check as check_command
from grader.course import CourseError
from grader.progress.hand_in import CannotBundle, gather, write_bundle
from grader.quiz.files import all_quizzes
from grader.sandbox.worker import ConfinementMissing, WorkerBroken


@click.command("submit")
@click.option("--check", is_flag=True, help="Run the checks of every exercise first, and show the verdict.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.zip",
    help="Write there; without it, to submission-ID.zip in the course folder.",
)
@click.option("--force", is_flag=True, help="Replace FILE.zip even if it is no earlier bundle of yours.")
@pass_course
def command(course: Course, check: bool, output: Path | None, force: bool) -> None:
    """Bundle what you wrote and answered into one zip, to hand it in.

    It holds your module files, your answers to quizzes and your name. What is missing is said before it is
    written, and never keeps it from being written. Exits with 0 if it was, even if a check failed: work that
    is half done may be handed in as well.
    """
    quizzes = [(sheet.id, sheet.public.version, sheet.path) for sheet in all_quizzes(course)]
    try:
        bundle = gather(course, quizzes, datetime.datetime.now(datetime.UTC))
        if check:
            try:
                click.get_current_context().invoke(check_command.command, every=True)
            except SystemExit:  # whatever the verdict, there is something to hand in
                click.echo()
            except (CourseError, ConfinementMissing, WorkerBroken) as error:
                click.echo(f"grader: the checks broke: {error}", err=True)
        path = output or course.root / f"submission-{bundle.learner.id}.zip"
        for sentence in bundle.missing:
            click.echo(f"missing: {sentence}")
        write_bundle(bundle, path, force=force)
    except CannotBundle as problem:
        stop(str(problem), USAGE)
    count = f"{len(bundle.files)} file{'s' * (len(bundle.files) != 1)}"
    click.echo(f"{path} holds {count} of {bundle.learner.name} (id {bundle.learner.id}); hand it in")
