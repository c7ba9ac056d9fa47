"""``grader merge``: put the results of several shards together."""

import sys
from pathlib import Path

import click

from grader import cli
from grader.classroom.gradebook import merge
from grader.cli.grade import publish
from grader.reports.tables import class_lines


@click.command("merge")
@click.argument(
    "parts", metavar="PART...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@cli.results_option("Folder of the results; what it holds already stays, unless a PART has it too.")
@cli.confirm_gone_option
@cli.pass_course
def command(course: cli.Course, parts: tuple[Path, ...], results: Path, confirm_gone: bool) -> None:
    """Put the results of several runs together, such as those of `grader grade --shard`.

    Each PART is a folder with a grades.db. Of a submission that several have, the last one counts; of all
    shards of a class together, what is in none of them has vanished.
    """
    cli.require_results_folder(results)
    grades = merge(course, parts, results, confirm_gone=confirm_gone)
    cli.print_lines(class_lines(grades, cli.width()))
    sys.exit(publish(grades, results))
