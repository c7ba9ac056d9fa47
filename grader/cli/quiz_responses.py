"""``grader quiz responses``: write your stored answers into a file, to hand in."""

import datetime
import json
from pathlib import Path

import click

from grader.cli import FAILED, Course, output_option, pass_course, stop, write_output
from grader.progress import open_ledger
from grader.progress.hand_in import responses_document
from grader.quiz.files import all_quizzes, find_quiz


@click.command("responses")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@output_option()
@pass_course
def command(course: Course, names: tuple[str, ...], output: Path | None) -> None:
    """Write your stored answers into a file, to hand in.

    The file holds what you typed, and nothing about right and wrong (docs/report.md).
    """
    sheets = [find_quiz(course, name) for name in names] if names else all_quizzes(course)
    quizzes = list(dict.fromkeys((sheet.id, sheet.public.version, sheet.path) for sheet in sheets))
    with open_ledger(course) as ledger:
        document = responses_document(ledger, quizzes, datetime.datetime.now(datetime.UTC))
    if not document["quizzes"]:
        stop(f"{document['learner']['name']} has answered nothing here yet", FAILED)
    plain = output is None  # a shell that writes it to a file may know no other letters
    write_output(f"{json.dumps(document, indent=2, ensure_ascii=plain)}\n", output)
    who = document["learner"]
    click.echo(f"answers of {who['name']} (id {who['id']})", err=True)
    if who["id"] == "anonymous":
        advice = "`grader login NAME` says who learns here, before a quiz is begun"
        click.echo(f"nobody is logged in; {advice}", err=True)
    for quiz in document["quizzes"]:
        last = quiz["sittings"][-1]
        count = len({answer["question"] for answer in last["responses"]})
        state = "" if last["finished"] else ", not finished yet"
        click.echo(f"{quiz['quiz']}: {count} of {len(last['questions'])} answered{state}", err=True)
