"""``grader credits``: what you earned, what is still to earn."""

import click

from grader.cli import Course, bom_option, format_option, hide, pass_course, print_lines, width, write_output
from grader.progress import open_ledger, standings
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
        learner, stands = ledger.learner, standings(course, ledger, best=True)
        balances = [(sheet, balance(ledger, sheet).by_topic) for sheet in sheets]
    rows = []
    for stood, exercise in zip(stands, course.exercises(), strict=True):
        earned, possible = 100 * (stood.earned or 0), 100 * stood.credits
        rows.append(Row("exercise", stood.exercise, stood.title, exercise.file.chapter, earned, possible))
    for sheet, cents in balances:
        for topic in sheet.topics:
            possible = 100 * sheet.possible(topic)
            rows.append(Row("quiz", sheet.id, sheet.public.title, topic, cents.get(topic, 0), possible))
    if form == "json":
        write_output(f"{statement_to_json(learner, rows)}\n", None)
    elif form == "csv":
        write_output(statement_to_csv(learner, rows), None, bom=bom)
    else:
        print_lines(
            statement_lines(learner, rows, width(), {each.exercise for each in stands if each.stretch})
        )
