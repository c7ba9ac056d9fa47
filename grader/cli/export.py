"""``grader export``: write a class's grades for another program."""

import sys
from pathlib import Path

import click

from grader import cli
from grader.classroom.comments import pseudonyms
from grader.classroom.gradebook import open_gradebook
from grader.classroom.roster import Roster, read_roster
from grader.course import Assignment
from grader.progress.grades import ClassGrades, Grade
from grader.reports import exports, lms
from grader.sandbox.text import clean, one_line

CLASS_FORMS = ("canvas", "moodle", "roster", "junit")
FEEDBACK, PAGES = ("canvas-feedback", "moodle-feedback"), "pages"
FORMS = (*CLASS_FORMS, *FEEDBACK, PAGES, *exports.STUDENT_FORMS, exports.ANNOTATIONS)
IDENTIFIERS = (exports.EMAIL, "Username", "ID number")


@click.command("export")
@cli.results_argument
@click.argument("form", metavar="FORM", type=click.Choice(FORMS))
@cli.output_option(new_folders=True)
@click.option("--submission", "name", metavar="NAME", help="Whose; needed where there are several.")
@cli.exercises_option("Write these only, without quizzes")
@cli.roster_option
@click.option("--anonymous", is_flag=True, help="Of pages: pseudonyms for names, for graders.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say which cells of the gradebook would change.")
@click.option(
    "--identifier",
    type=click.Choice(IDENTIFIERS, case_sensitive=False),
    default=exports.EMAIL,
    show_default=True,
    help="What Moodle knows logins as.",
)
@click.option("--allow-incomplete", is_flag=True, help="Exit with 0 although cells are blank.")
@cli.bom_option
@cli.pass_course
def command(
    course: cli.Course,
    results: Path,
    form: str,
    output: Path | None,
    name: str | None,
    exercises: tuple[str, ...],
    roster: Path | None,
    anonymous: bool,
    dry_run: bool,
    identifier: str,
    allow_incomplete: bool,
    bom: bool,
) -> None:
    """Write what `grader grade` left in RESULTS for another program.

    FORM is, for the class: canvas, moodle (gradebooks, CSV), roster (the class's own list), junit (XML);
    canvas-feedback, moodle-feedback (each student's page, in the zip that the platform takes back); pages,
    with --anonymous a zip for graders, under pseudonyms that stay and that `grader adjust` knows. For one
    student: gradescope (results.json), github-annotations, github-summary, github-classroom, junit-student.
    What the course withholds of hidden checks is not in what a student gets (docs/exports.md).

    With a roster, canvas and moodle fill in the rows and columns that it has; --roster FILE names the
    gradebook as it was exported last. Where a number would be wrong, a cell is blank, or stays as it is.
    Exits with 1 if there are such cells, or if checks broke and credits may be of an earlier grading.
    """
    with open_gradebook(results) as book:
        grades, listed = book.class_grades(course), book.roster()
        part = book.fact("assignment")
        try:
            keys = {book.find(name).key} if name is not None else {grade.key for grade in grades.grades}
        except LookupError as error:
            cli.stop(f"{results} {error}", cli.USAGE)
    listed = read_roster(course, roster) if roster else listed
    if exercises:
        grades = grades.only([exercise.id for exercise in course.exercises(exercises)])
    found = [grade for grade in grades.grades if grade.key in keys]
    if anonymous != (form == PAGES):
        raise click.UsageError(
            "pages go with --anonymous: grader export RESULTS pages --anonymous -o FILE.zip"
        )
    doubts, told, csv = exports.doubts(found), list[str](), form in ("canvas", "moodle", "roster")
    text: str | bytes = ""
    if csv and listed and (form in ("roster", listed.platform)):
        told = _fill(grades, listed, course.assignment(part) if part else None, dry_run, output, bom)
    elif dry_run or form == "roster":
        raise click.UsageError("this needs the platform's list of the class; give it with --roster FILE")
    else:
        if csv:
            text, told = _gradebook(form, grades, listed, identifier)
        elif form == "junit":
            text = exports.class_junit(grades)
        elif form in FEEDBACK:
            text, told = lms.feedback_zip(grades, listed, form.partition("-")[0])
        elif form == PAGES:
            text = lms.anonymous_zip(grades, listed, pseudonyms(course, grades))
        else:
            text = exports.student_export(form, _only(found, grades, allow_incomplete), course)
        cli.write_output(text, output, bom=bom and csv)
    for doubt in doubts + told:
        click.echo(f"grader: {doubt}", err=True)
    stale = any(grade.state in ("stale", "set aside") for grade in found)
    sys.exit(cli.FAILED if not allow_incomplete and (stale or (csv and doubts)) else 0)


def _fill(
    grades: ClassGrades,
    roster: Roster,
    assignment: Assignment | None,
    dry_run: bool,
    output: Path | None,
    bom: bool,
) -> list[str]:
    """Write the rows of a platform's list with the grades, or say what would change; return what to tell."""
    filled = lms.fill(grades, roster, assignment)
    if not dry_run:
        cli.write_output(filled.csv(), output, bom=bom)
    for change in filled.changes if dry_run else ():
        before = f"{clean(change.before, 40)}, would be " if change.before.strip() else "would be "
        click.echo(f"{change.student}, {one_line(change.column, 80)}: {before}{change.after}")
    if dry_run:
        count = len({change.student.id for change in filled.changes})
        click.echo(f"{count} of {len(roster.students)} students would change in {roster.sheet.name}")
    return [*filled.told, *lms.left_out(grades, roster)]


def _gradebook(
    form: str, grades: ClassGrades, roster: Roster | None, identifier: str
) -> tuple[str, list[str]]:
    """Return a gradebook in rows of its own, and whom the platform will not find."""
    of_moodle = form == "moodle"
    shown = grades
    if roster:
        shown = lms.per_student(grades, roster, email=of_moodle and identifier == exports.EMAIL)
    text = exports.moodle_csv(shown, identifier) if of_moodle else exports.canvas_csv(shown)
    told = exports.login_doubts(shown, identifier * of_moodle)
    return text, [*told, *(lms.left_out(grades, roster) if roster else ())]


def _only(found: list[Grade], grades: ClassGrades, allow_incomplete: bool) -> Grade:
    """Return the one submission that is meant."""
    if len(found) != 1:
        known = ", ".join(grade.submission for grade in grades.grades[:5]) or "none at all"
        raise click.UsageError(f"name one submission with --submission; there are: {known}")
    if found[0].set_aside and not allow_incomplete:
        cli.stop(
            f"{found[0].submission} is set aside; decide with `grader adjust --student` first", cli.FAILED
        )
    return found[0]
