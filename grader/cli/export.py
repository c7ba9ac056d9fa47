"""``grader export``: write a class's grades for another program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from grader.classroom.gradebook import open_gradebook
from grader.cli import Course, output_option, pass_course, results_argument, write_output
from grader.progress.grades import ClassGrades
from grader.reports import exports

CLASS_FORMS: dict[str, Callable[[ClassGrades], str]] = {
    "canvas": exports.canvas_csv,
    "moodle": exports.moodle_csv,
    "junit": exports.class_junit,
}


@click.command("export")
@results_argument
@click.argument(
    "form", metavar="FORM", type=click.Choice([*CLASS_FORMS, *exports.STUDENT_FORMS, exports.ANNOTATIONS])
)
@output_option(new_folders=True)
@click.option("--submission", "name", metavar="NAME", help="Whose; needed where there are several.")
@pass_course
def command(course: Course, results: Path, form: str, output: Path | None, name: str | None) -> None:
    """Write what `grader grade` left in RESULTS for another program.

    FORM is, for the class: canvas, moodle (gradebooks, CSV), junit (XML). For one student: gradescope
    (results.json), github-annotations, github-summary, github-classroom, junit-student.
    What the course withholds of hidden checks is not in what a student gets (docs/exports.md).
    """
    with open_gradebook(results) as book:
        grades = book.class_grades(course)
    if form in CLASS_FORMS:
        write_output(CLASS_FORMS[form](grades), output)
        return
    found = [grade for grade in grades.grades if name in (None, grade.submission)]
    if len(found) != 1:
        known = ", ".join(grade.submission for grade in grades.grades[:5]) or "none at all"
        raise click.UsageError(f"name one submission with --submission; there are: {known}")
    write_output(exports.student_export(form, found[0], course), output)
