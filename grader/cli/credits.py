"""``grader credits``: what you earned, what is still to earn."""

from __future__ import annotations

import click

from grader.cli import Course, bom_option, format_option, hide, pass_course, print_lines, width, write_output
from grader.progress import open_ledger
from grader.quiz.credits import balance, open_context, update
from grader.quiz.files import all_quizzes
from grader.reports.statement import Row, statement_lines, statement_to_csv, statement_to_json


@click.command("credits")
@format_option("text", "json", "csv", help="For people, for programs (docs/report.md), for a spreadsheet.")
@bom_option
@pass_course
def command(course: Course, form: str, bom: bool) -> None:
    """Show your credits by exercise, by quiz and by topic, and what is still to earn.

    The best check of an exercise counts, and no credit counts twice.
    """
    sheets = all_quizzes(course)
    with open_context(course, hide) as context:
        update(sheets, context)
    with open_ledger(course) as ledger:
        learner, best = ledger.learner, ledger.best_checks()
        balances = [(sheet, balance(ledger, sheet).by_topic) for sheet in sheets]
    rows = []
    for exercise in course.exercises():
        file, state = exercise.file, best.get(exercise.id)
        earned = state.share_of(file.credits) if state else 0
        rows.append(Row("exercise", exercise.id, file.title, file.chapter, 100 * earned, 100 * file.credits))
    for sheet, cents in balances:
        for topic in sheet.topics:
            possible = 100 * sheet.possible(topic)
            rows.append(Row("quiz", sheet.id, sheet.public.title, topic, cents.get(topic, 0), possible))
    if form == "json":
        write_output(f"{statement_to_json(learner, rows)}\n", None)
    elif form == "csv":
        write_output(statement_to_csv(learner, rows), None, bom=bom)
    else:
        stretch = {exercise.id for exercise in course.exercises() if exercise.file.stretch}
        print_lines(statement_lines(learner, rows, width(), stretch))
