"""``grader forget``: delete submissions for good."""

from pathlib import Path

import click

from grader.classroom.gradebook import open_gradebook
from grader.cli import USAGE, Course, pass_course, results_argument, stop
from grader.cli.grade import publish
from grader.sandbox.text import clean, listed

MOST = 20  # names that are listed


@click.command("forget")
@results_argument
@click.argument("submissions", metavar="[SUBMISSION]...", nargs=-1)
@click.option("--gone", is_flag=True, help="All that have vanished from the folder.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_course
def command(course: Course, results: Path, submissions: tuple[str, ...], gone: bool, yes: bool) -> None:
    """Delete all that is known of submissions: credits, adjustments, pages.

    SUBMISSION is its name, its path in the folder of submissions, or the name of its file. What still lies
    there is graded anew the next time.
    """
    if bool(submissions) == gone:
        raise click.UsageError("name one or more submissions, or give --gone")
    with open_gradebook(results) as book:
        try:
            entries = [book.find(name, gone=True) for name in submissions]
        except LookupError as error:
            stop(f"{results} {error}", USAGE)
        entries = [entry for entry in book.entries() if entry.gone] if gone else entries
        if not entries:
            click.echo("nobody is gone; nothing was deleted")
            return
        names = listed([clean(entry.name) for entry in entries], MOST)
        if not yes:
            click.confirm(f"delete all that is known of {names}?", abort=True)
        book.forget(entry.key for entry in entries)
        grades = book.class_grades(course)
    publish(grades, results)
    click.echo(f"deleted: {names}")
