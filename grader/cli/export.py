"""``grader export``: write a class's grades for another program."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import output_option, write_output

if TYPE_CHECKING:
    from grader.classroom.grades import ClassGrades, Grade
    from grader.course import Course

CLASS_FORMS = ("canvas", "moodle", "junit")
STUDENT_FORMS = (
    *("gradescope", "github-annotations", "github-summary", "github-classroom", "junit-student"),
)


@click.command("export")
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("form", metavar="FORM", type=click.Choice([*CLASS_FORMS, *STUDENT_FORMS]))
@output_option(new_folders=True)
@click.option("--submission", "name", metavar="NAME", help="Whose; needed where there are several.")
@click.pass_obj
def command(
    course_folder: str | None, results: Path, form: str, output: Path | None, name: str | None
) -> None:
    """Write what `grader grade` left in RESULTS for another program.

    FORM is, for the class: canvas, moodle (gradebooks, CSV), junit (XML). For one student: gradescope
    (results.json), github-annotations, github-summary, github-classroom, junit-student.
    What the course withholds of hidden checks is not in what a student gets (docs/exports.md).
    """
    from grader.classroom.gradebook import open_gradebook
    from grader.course import find_course

    course = find_course(course_folder)
    with open_gradebook(results) as book:
        grades = book.class_grades(course)
    text = _for_class(form)(grades) if form in CLASS_FORMS else _for_student(form, course)(_one(grades, name))
    write_output(text, output)


def _one(grades: ClassGrades, name: str | None) -> Grade:
    found = [one for one in grades.grades if name in (None, one.submission)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(one.submission for one in grades.grades[:5]) or "none at all"
    raise click.UsageError(f"name one submission with --submission; there are: {known}")


def _for_class(form: str) -> Callable[[ClassGrades], str]:
    from grader.reports.exports import canvas_csv, class_junit, moodle_csv

    return {"canvas": canvas_csv, "moodle": moodle_csv, "junit": class_junit}[form]


def _for_student(form: str, course: Course) -> Callable[[Grade], str]:
    from grader.reports.exports import (
        classroom_result,
        gradescope_json,
        job_summary,
        student_junit,
        workflow_commands,
    )

    exercises = map(course.exercise, course.exercise_ids())
    paths = {one.id: one.stub_path.relative_to(course.root).as_posix() for one in exercises}
    forms: dict[str, Callable[[Grade], str]] = {
        "gradescope": gradescope_json,
        "github-annotations": partial(workflow_commands, paths=paths),
        "github-summary": job_summary,
        "github-classroom": classroom_result,
        "junit-student": student_junit,
    }
    return forms[form]
