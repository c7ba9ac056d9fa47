"""``grader merge``: put the results of several shards together."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.classroom.gradebook import merge
from grader.cli import (
    Course,
    confirm_gone_option,
    pass_course,
    print_lines,
    require_results_folder,
    results_option,
    width,
)
from grader.cli.grade import publish
from grader.reports.tables import class_lines


@click.command("merge")
@click.argument(
    "parts", metavar="PART...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@results_option("Folder of the results; what it holds already stays, unless a PART has it too.")
@confirm_gone_option
@pass_course
def command(course: Course, parts: tuple[Path, ...], results: Path, confirm_gone: bool) -> None:
    """Put the results of several runs together, such as those of `grader grade --shard`.

    Each PART is a folder with a grades.db. Of a submission that several have, the last one counts; of all
    shards of a class together, what is in none of them has vanished.
    """
    require_results_folder(results)
    grades = merge(course, parts, results, confirm_gone=confirm_gone)
    print_lines(class_lines(grades, width()))
    sys.exit(publish(grades, results))
