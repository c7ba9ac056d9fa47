"""``grader submit``: bundle what a learner wrote and answered, to hand it in."""

import datetime
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click

from grader.checks.run import check as run_checks
from grader.cli import Course, pass_course, print_lines, progress_line, width
from grader.cli.check import remember
from grader.course import CourseError
from grader.progress.hand_in import gather, write_bundle
from grader.quiz.files import all_quizzes
from grader.reports.text import first_to_mend, message, report_lines, wrapped
from grader.sandbox.pool import open_pool
from grader.sandbox.worker import ConfinementMissing, WorkerBroken

MAX_WHY = 160  # characters of what the first failing check says


@click.command("submit")
@click.option("--check", is_flag=True, help="Show the whole verdict on every exercise, not a line each.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.zip",
    help="Write there; without it, to submission-ID.zip in the course folder.",
)
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar="TEXT",
    help="Ask your instructor about a verdict; name the exercise. May be repeated.",
)
@click.option("--force", is_flag=True, help="Replace FILE.zip even if it is no earlier bundle of yours.")
@pass_course
def command(
    course: Course, check: bool, output: Path | None, questions: tuple[str, ...], force: bool
) -> None:
    """Bundle what you wrote and answered into one zip, to hand it in.

    It holds your module files, your answers to quizzes and your name. How each exercise stands, and what is
    missing, is said before it is written, and never keeps it from being written. Exits with 0 if it was, even
    if a check failed: work that is half done may be handed in as well.
    """
    quizzes = [(sheet.id, sheet.public.version, sheet.path) for sheet in all_quizzes(course)]
    bundle = gather(course, quizzes, datetime.datetime.now(datetime.UTC), questions)
    path = output or course.root / f"submission-{bundle.learner.id}.zip"
    _show_verdicts(course, bundle.written, check)
    for sentence in bundle.missing:
        click.echo(f"missing: {sentence}")
    write_bundle(bundle, path, force=force)
    count = f"{len(bundle.files)} file{'s' * (len(bundle.files) != 1)}"
    click.echo(f"{path} holds {count} of {bundle.learner.name} (id {bundle.learner.id}); hand it in")


def _show_verdicts(course: Course, ids: Sequence[str], whole: bool) -> None:
    """Check what was written, and show in a line, or as a whole, how each exercise stands.

    Whatever the verdict, and even if there is none, there is something to hand in.
    """
    try:
        with open_pool() as pool, progress_line() as progress:
            for exercise in course.exercises(ids) if ids else []:
                report = run_checks(exercise, pool=pool, progress=progress)
                report = report.for_student(exercise.file.feedback)
                remember(course, [report])
                if whole:
                    print_lines(report_lines(report, width()))
                    click.echo()
                    continue
                failed = sum(outcome.status != "passed" for outcome in report.outcomes)
                found = f"fails {failed} of {len(report.outcomes)} checks" if failed else "passes"
                first = first_to_mend(report)
                why = f": {textwrap.shorten(message(first), MAX_WHY)}" if first else ""
                told = f"{exercise.id} {found}, {report.earned} of {report.credits} credits{why}"
                print_lines(wrapped(told, "failed" if failed else "passed", width(), ""))
    except (CourseError, ConfinementMissing, WorkerBroken) as error:
        click.echo(f"grader: the checks broke: {error}", err=True)
