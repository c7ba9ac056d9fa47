"""``grader list``: the exercises, the learner's credits and what to do next."""

import click

from grader.cli import Course, pass_course, print_lines, width
from grader.progress import open_ledger, standings
from grader.reports.statement import headed, overview_lines


@click.command("list")
@pass_course
def command(course: Course) -> None:
    """Show the exercises, your credits as of the last check, and what to do next."""
    with open_ledger(course) as ledger:
        rows, title = standings(course, ledger), headed(course.title, ledger.learner, width())
    print_lines(overview_lines(title, rows, width()))
