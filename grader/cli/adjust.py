"""``grader adjust``: give or take credits by hand, with a reason."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.classroom.gradebook import Gradebook

MOST = 1000  # credits


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
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("submission", required=False)
@click.option(
    "--credits", "cents", callback=_cents, metavar="N", help="Credits to add; below 0 to take away."
)
@click.option("--reason", metavar="TEXT", help="What the student reads.")
@click.option("--exercise", metavar="ID", default="", help="What it is about [the submission as a whole].")
@click.pass_obj
def command(
    course_folder: str | None,
    results: Path,
    submission: str | None,
    cents: int | None,
    reason: str | None,
    exercise: str,
) -> None:
    """Give or take credits by hand; without SUBMISSION, list what was given and taken.

    An adjustment is an event with a time and a reason: it is never changed, survives every regrade, and is
    taken back by another one.
    """
    from grader.classroom.gradebook import ManualAdjustment, open_gradebook
    from grader.course import find_course
    from grader.reports.results import write_pages

    course = find_course(course_folder)
    with open_gradebook(results) as book:
        if submission is None:
            _list(book)
            return
        if cents is None or not (reason or "").strip():
            raise click.UsageError("an adjustment needs --credits and a --reason")
        if submission not in {one.submission for one in book.handings()}:
            raise click.UsageError(f"{results} knows no submission `{submission}`; names are case-sensitive")
        about = course.exercise(exercise).id if exercise else ""
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
        book.adjust(ManualAdjustment(at, submission, about, cents, " ".join((reason or "").split())))
        grades = book.class_grades(course)
        write_pages(grades, results)
        _say(next(one for one in grades.grades if one.submission == submission).cents, submission)


def _say(cents: int, submission: str) -> None:
    from grader.reports.text import decimal

    click.echo(f"{submission} now has {decimal(cents)} credits")


def _list(book: Gradebook) -> None:
    from grader.reports.text import decimal
    from grader.sandbox.text import clean

    for one in book.adjustments():
        about = f" {one.exercise}" if one.exercise else ""
        sign = "+" if one.cents > 0 else ""
        click.echo(clean(f"{one.at[:16]}  {one.submission}{about}  {sign}{decimal(one.cents)}  {one.reason}"))
