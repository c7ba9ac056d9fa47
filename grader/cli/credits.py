"""``grader credits``: what you earned, what is still to earn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.course import Course
    from grader.reports.statement import Row


@click.command("credits")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="For people, for programs (docs/report.md), for a spreadsheet.",
)
@click.pass_obj
def command(course_folder: str | None, form: str) -> None:
    """Show your credits by exercise, by quiz and by topic, and what is still to earn.

    The best check of an exercise counts, and no credit counts twice.
    """
    from grader.cli.terminal import print_lines, width
    from grader.course import open_course
    from grader.progress.ledger import open_ledger
    from grader.reports.statement import statement_lines, statement_to_csv, statement_to_json

    course = open_course(course_folder)
    with open_ledger(course) as ledger:
        learner, balances = ledger.learner, ledger.balances()
    cents = {one.subject: one.cents for one in balances}
    rows = [*_exercise_rows(course, cents), *_quiz_rows(course, cents)]
    if form == "json":
        click.echo(statement_to_json(learner, rows))
    elif form == "csv":
        click.echo(statement_to_csv(learner, rows), nl=False)
    else:
        print_lines(statement_lines(learner, rows, width()))


def _exercise_rows(course: Course, cents: Mapping[str, int]) -> list[Row]:
    from grader.reports.statement import Row

    rows = []
    for exercise_id in course.exercise_ids():
        file = course[exercise_id].file
        possible = 100 * file.credits
        earned = min(cents.get(exercise_id, 0), possible)  # it may have been worth more when it was checked
        rows.append(Row("exercise", exercise_id, file.title, file.chapter, earned, possible))
    return rows


def _quiz_rows(course: Course, cents: Mapping[str, int]) -> list[Row]:
    """Return a row for each topic of each quiz."""
    if not any((course.root / "quizzes").glob("*.yaml")):
        return []
    from grader.quiz.edition import all_public
    from grader.reports.statement import Row

    rows = []
    for sheet in all_public(course):
        for topic in sheet.topics:
            subjects = [f"quiz/{sheet.id}/{face.id}" for face in sheet.public.faces if face.topic == topic]
            earned = sum(cents.get(subject, 0) for subject in subjects)
            rows.append(Row("quiz", sheet.id, sheet.public.title, topic, earned, 100 * sheet.possible(topic)))
    return rows
