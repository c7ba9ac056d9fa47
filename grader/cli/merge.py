"""``grader merge``: put the results of several shards together."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("merge")
@click.argument(
    "parts", metavar="PART...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "-o",
    "--output",
    "results",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RESULTS",
    required=True,
    help="Folder of the results; what it holds already stays, unless a PART has it too.",
)
@click.pass_obj
def command(course_folder: str | None, parts: tuple[Path, ...], results: Path) -> None:
    """Put the results of several runs together, such as those of `grader grade --shard`.

    Each PART is a folder with a grades.db. Of a submission that several have, the last one counts.
    """
    from grader.classroom.gradebook import FILE, open_gradebook
    from grader.cli.terminal import print_lines, width
    from grader.course import find_course
    from grader.reports.class_lines import class_lines
    from grader.reports.results import write_pages

    course = find_course(course_folder)
    for part in parts:
        with open_gradebook(part):  # a damaged one is found before anything is written
            pass
    with open_gradebook(results, new=True) as book:
        for part in parts:
            if part.resolve() != results.resolve():
                book.take_in(part / FILE)
        grades = book.class_grades(course)
    print_lines(class_lines(grades, width()))
    write_pages(grades, results)
