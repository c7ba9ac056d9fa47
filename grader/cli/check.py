"""``grader check``: run the checks of exercises and show the verdict."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.checks.report import Report, reports_to_json
from grader.cli import (
    BROKEN,
    FAILED,
    Course,
    confinement_option,
    format_option,
    print_lines,
    progress_line,
    seed_option,
    submission_option,
    width,
    write_output,
)
from grader.course import open_course
from grader.progress import LedgerError, record
from grader.reports.text import report_lines

EXPORTS = ("github-annotations", "github-classroom", "github-summary", "junit-student")


@click.command("check")
@click.argument("exercises", metavar="[EXERCISE]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Check every exercise of the course.")
@submission_option("Check")
@format_option(
    "text", "json", *EXPORTS, help="For people, or for programs (docs/report.md, docs/exports.md)."
)
@confinement_option()
@seed_option()
@click.pass_obj
def command(
    course_folder: str | None,
    exercises: tuple[str, ...],
    every: bool,
    submission: Path | None,
    form: str,
    confinement: str,
    seed: int | None,
) -> None:
    """Run the checks of exercises and show the verdict.

    Exits with 0 if every check passed, with 1 if some did not, with 3 if the course is broken.
    """
    if bool(exercises) == every:
        raise click.UsageError("name one or more exercises, or give --all")
    from grader.sandbox.process import start_early

    zygote = start_early(confinement)  # it loads NumPy while we load pytest
    from grader.checks.run import check
    from grader.sandbox.pool import open_pool

    known: dict[str, Report] = {}
    reports: list[Report] = []
    with open_pool(confinement, zygote) as pool:
        course = open_course(course_folder)
        wanted = course.exercises(exercises)
        if course.handout and seed is not None:
            click.echo("grader: a hand-out asks the same every time; --seed changes nothing here", err=True)
        if submission is not None and submission.suffix == ".py" and len(wanted) > 1:
            raise click.UsageError("a single module file goes with a single exercise")
        for exercise in wanted:
            with progress_line() as progress:
                report = check(exercise, submission, pool=pool, seed=seed, known=known, progress=progress)
            known[exercise.id] = report
            reports.append(report.for_student(exercise.file.feedback))
            if form == "text":
                if len(reports) > 1:
                    click.echo()
                print_lines(report_lines(reports[-1], width()))
    if form == "json":
        write_output(f"{reports_to_json(reports)}\n", None)
    elif form != "text":
        from grader.progress.grades import Grade
        from grader.reports.exports import student_export

        feedback = {report.exercise: course[report.exercise].file.feedback for report in reports}
        grade = Grade(course.root.name, reports=tuple(reports), feedback=feedback)
        write_output(student_export(form, grade, course), None)
    if submission is None:
        remember(course, reports)
    if any(report.broken for report in reports):
        sys.exit(BROKEN)
    sys.exit(0 if all(report.passed for report in reports) else FAILED)


def remember(course: Course, reports: list[Report]) -> None:
    """Keep the state for `grader list`; a verdict is worth showing even where it cannot be kept."""
    try:
        record(course, reports)
    except LedgerError as error:
        click.echo(f"grader: your progress was not kept: {error}", err=True)
