"""``grader adjust``: give or take credits by hand, with a reason."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from grader.classroom.gradebook import open_gradebook
from grader.classroom.tables import ManualAdjustment
from grader.cli import Course, pass_course, results_argument
from grader.cli.grade import publish
from grader.reports.text import decimal
from grader.sandbox.text import clean, one_line

MOST = 1000  # credits
MAX_ID = 200  # characters of whose a submission is


def _cents(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        cents = Decimal(value) * 100
    except InvalidOperation:
        cents = Decimal("NaN")
    if not cents.is_finite() or cents != cents.to_integral_value() or not 0 < abs(cents) <= 100 * MOST:
        raise click.BadParameter("should be credits to add, such as 1.5, or -2 to take away")
    return int(cents)


@click.command("adjust", context_settings={"ignore_unknown_options": True})
@results_argument
@click.argument("submission", required=False)
@click.option(
    "--credits", "cents", callback=_cents, metavar="N", help="Credits to add; below 0 to take away."
)
@click.option("--reason", metavar="TEXT", default="", help="What the student reads.")
@click.option("--exercise", metavar="ID", default="", help="What it is about [the submission as a whole].")
@click.option("--student", metavar="ID", help="Decide whose it is, such as of two that claim the same.")
@pass_course
def command(
    course: Course,
    results: Path,
    submission: str | None,
    cents: int | None,
    reason: str,
    exercise: str,
    student: str | None,
) -> None:
    """Give or take credits by hand; without SUBMISSION, list what was given and taken.

    SUBMISSION is its name, its path in the folder of submissions, or the name of its file. An adjustment is
    an event with a time and a reason: it is never changed, survives every regrade, and is taken back by
    another one.
    """
    with open_gradebook(results) as book:
        if submission is None:
            names = {key: entry.name for entry in book.entries() for key in (entry.formerly, entry.key)}
            for event in book.adjustments():
                about = f"{names.get(event.submission, event.submission)} {event.exercise}".strip()
                amount = f"{'+' if event.cents > 0 else ''}{decimal(event.cents)}"
                click.echo(clean(f"{event.at[:16]}  {about}  {amount}  {event.reason}"))
            return
        if student is None and (cents is None or not reason.strip()):
            raise click.UsageError("an adjustment needs --credits and a --reason")
        if student is not None and (cents or reason or exercise):
            raise click.UsageError("--student is a decision of its own; adjust credits separately")
        about = course[exercise].id if exercise else ""
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
        try:
            entry = book.find(submission)
        except LookupError as error:
            raise click.UsageError(f"{results} {error}") from None
        if student is not None:
            book.decide(at, entry.key, one_line(student.strip(), MAX_ID))
        elif cents is not None:
            book.adjust(ManualAdjustment(at, entry.key, about, cents, " ".join(reason.split())))
        grades = book.class_grades(course)
    publish(grades, results)
    grade = next(grade for grade in grades.grades if grade.key == entry.key)
    if student is None:
        click.echo(f"{clean(entry.name)} now has {decimal(grade.cents)} credits")
    else:
        told = f"is set aside: it {grade.set_aside}" if grade.set_aside else f"counts as `{grade.student}`"
        click.echo(clean(f"{entry.name} now {told}"))
