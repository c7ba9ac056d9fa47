"""``grader export``: write a class's grades for another program."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.classroom.gradebook import open_gradebook
from grader.cli import (
    FAILED,
    USAGE,
    Course,
    bom_option,
    output_option,
    pass_course,
    results_argument,
    stop,
    write_output,
)
from grader.reports import exports

CLASS_FORMS = ("canvas", "moodle", "junit")
IDENTIFIERS = (exports.EMAIL, "Username", "ID number")


@click.command("export")
@results_argument
@click.argument(
    "form", metavar="FORM", type=click.Choice([*CLASS_FORMS, *exports.STUDENT_FORMS, exports.ANNOTATIONS])
)
@output_option(new_folders=True)
@click.option("--submission", "name", metavar="NAME", help="Whose; needed where there are several.")
@click.option(
    "--identifier",
    type=click.Choice(IDENTIFIERS, case_sensitive=False),
    default=exports.EMAIL,
    show_default=True,
    help="What Moodle knows logins as.",
)
@click.option("--allow-incomplete", is_flag=True, help="Exit with 0 although cells are blank.")
@bom_option
@pass_course
def command(
    course: Course,
    results: Path,
    form: str,
    output: Path | None,
    name: str | None,
    identifier: str,
    allow_incomplete: bool,
    bom: bool,
) -> None:
    """Write what `grader grade` left in RESULTS for another program.

    FORM is, for the class: canvas, moodle (gradebooks, CSV), junit (XML). For one student: gradescope
    (results.json), github-annotations, github-summary, github-classroom, junit-student.
    What the course withholds of hidden checks is not in what a student gets (docs/exports.md).

    Where a number would be wrong, a cell is blank. Exits with 1 if cells of a gradebook are, or if checks
    broke and credits may be of an earlier grading.
    """
    with open_gradebook(results) as book:
        grades = book.class_grades(course)
        try:
            keys = {book.find(name).key} if name is not None else {grade.key for grade in grades.grades}
        except LookupError as error:
            stop(f"{results} {error}", USAGE)
    found = [grade for grade in grades.grades if grade.key in keys]
    doubts = exports.doubts(found)
    csv = form in ("canvas", "moodle")
    if csv:
        text = exports.canvas_csv(grades) if form == "canvas" else exports.moodle_csv(grades, identifier)
    elif form == "junit":
        text = exports.class_junit(grades)
    elif len(found) == 1 and found[0].set_aside and not allow_incomplete:
        stop(f"{found[0].submission} is set aside; decide with `grader adjust --student` first", FAILED)
    elif len(found) == 1:
        text = exports.student_export(form, found[0], course)
    else:
        known = ", ".join(grade.submission for grade in grades.grades[:5]) or "none at all"
        raise click.UsageError(f"name one submission with --submission; there are: {known}")
    write_output(text, output, bom=bom and csv)
    for doubt in doubts + (exports.login_doubts(grades, identifier * (form == "moodle")) if csv else []):
        click.echo(f"grader: {doubt}", err=True)
    stale = any(grade.state in ("stale", "set aside") for grade in found)
    sys.exit(FAILED if not allow_incomplete and (stale or (csv and doubts)) else 0)
