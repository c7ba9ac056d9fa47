"""``grader adjust``: give or take credits by hand, or say something, with a reason."""

import datetime
import getpass
from pathlib import Path

import click

from grader.classroom.comments import adjustments, cents_of, read_many, submission_meant
from grader.classroom.gradebook import Gradebook, open_gradebook
from grader.cli import Course, exercises_option, pass_course, results_argument
from grader.cli.grade import publish
from grader.reports.text import decimal
from grader.sandbox.text import clean, one_line

MAX_ID = 200  # characters of whose a submission is


def _credits(_: click.Context, __: click.Parameter, value: str | None) -> str:
    try:
        return str((value and cents_of(value) and value) or "")
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _somebody() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@click.command("adjust", context_settings={"ignore_unknown_options": True})
@results_argument
@click.argument("submission", required=False)
@click.option("--credits", callback=_credits, metavar="N", help="Credits to add; below 0 to take away.")
@click.option("--reason", metavar="TEXT", default="", help="What the student reads; alone, it is a comment.")
@click.option("--comment", metavar="ID", default="", help="Of comments.yaml: its words, and its credits.")
@exercises_option("What it is about, the same for each [the submission as a whole]")
@click.option(
    "--from",
    "table",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Many at once: columns submission, id or name; exercise, comment, credits, reason.",
)
@click.option("--student", metavar="ID", help="Decide whose it is, such as of two that claim the same.")
@click.option("--by", "author", metavar="NAME", default=_somebody, help="Who says so [whoever is logged in].")
@pass_course
def command(
    course: Course,
    results: Path,
    submission: str | None,
    credits: str,
    reason: str,
    comment: str,
    exercises: tuple[str, ...],
    table: Path | None,
    student: str | None,
    author: str,
) -> None:
    """Give or take credits by hand, or comment; without SUBMISSION, list what was given and taken.

    SUBMISSION is its name, its path in the folder of submissions, the name of its file, its student's name or
    id, or a pseudonym. An adjustment is an event with a time, a reason and whoever made it: it is never
    changed, survives every regrade, and is taken back by another one.
    """
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    given = credits or reason or comment or exercises
    with open_gradebook(results) as book:
        if submission is None and table is None:
            _list(book)
            return
        if (table and (submission or given or student)) or (student is not None and given):
            raise click.UsageError("--student and --from stand alone; adjust the rest separately")
        grades = book.class_grades(course)
        try:
            if table:
                events = list(read_many(book, course, table))
            elif student is None:
                said = {"comment": comment, "credits": credits, "reason": reason}
                events = list(adjustments(book, course, grades, str(submission), exercises, **said))
            else:
                events = []
                key = submission_meant(book, course, grades, str(submission))
                book.decide(at, key, _whose(book, student))
        except (LookupError, ValueError) as error:
            place = f"{results} " * isinstance(error, LookupError)
            raise click.UsageError(f"{place}{error}") from None
        for event in events:
            key = event.submission
            book.adjust(event._replace(at=at, author=one_line(author, 80)))
        grades = book.class_grades(course)
    publish(grades, results)
    if table:
        click.echo(f"{len(events)} adjustments were made")
        return
    grade = next(grade for grade in grades.grades if grade.key == key)
    told = f"has {decimal(grade.cents)} credits"
    if student is not None:
        aside = grade.set_aside and f"is set aside: it {grade.set_aside}"
        told = aside or f"counts as `{grade.student}`"
    click.echo(clean(f"{grade.submission} now {told}"))


def _list(book: Gradebook) -> None:
    names = {key: entry.name for entry in book.entries() for key in (entry.formerly, entry.key)}
    for event in book.adjustments():
        about = f"{names.get(event.submission, event.submission)} {event.exercise}".strip()
        amount = f"{'+' if event.cents > 0 else ''}{decimal(event.cents)}  " if event.cents else ""
        by = f"  ({event.author})" if event.author else ""
        click.echo(clean(f"{event.at[:16]}  {about}  {amount}{event.reason}{by}"))


def _whose(book: Gradebook, student: str) -> str:
    """Return the id of whoever is meant; in a class with a list, somebody in it."""
    wanted, roster = one_line(student.strip(), MAX_ID), book.roster()
    if roster is None or not wanted:  # which takes a decision back
        return wanted
    if found := roster.find(wanted):
        return found.id
    raise ValueError(f"{roster.sheet.name} has nobody of that name{roster.nearest(wanted)}")
