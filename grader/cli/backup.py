"""``grader backup``: write what was recorded into a file, to go on elsewhere."""

from pathlib import Path

import click

from grader.cli import Course, output_option, pass_course, write_output
from grader.progress import open_ledger
from grader.progress.transfer import events_of, progress_document


@click.command("backup")
@output_option()
@pass_course
def command(course: Course, output: Path | None) -> None:
    """Write what you answered and what was checked into a file, to go on elsewhere.

    `grader import` takes it in on another machine, and the start page of the course's website in a browser.
    Your own files of the exercises are not in it.
    """
    with open_ledger(course) as ledger:
        document = progress_document(events_of(ledger), course.salt)
    write_output(f"{document}\n", output)
