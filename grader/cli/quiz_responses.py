"""``grader quiz responses``: write your stored answers into a file, to hand in."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.options import output_option, write_output

if TYPE_CHECKING:
    from grader.course import Course
    from grader.quiz.edition import PublicQuiz


@click.command("responses")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@output_option()
@click.pass_obj
def command(course_folder: str | None, names: tuple[str, ...], output: Path | None) -> None:
    """Write your stored answers into a file, to hand in.

    The file holds what you typed, and nothing about right and wrong (docs/report.md).
    """
    from grader.cli import FAILED, stop
    from grader.course import open_course
    from grader.progress.ledger import open_ledger
    from grader.progress.responses import responses_document

    course = open_course(course_folder)
    sheets = _sheets(course, names)
    with open_ledger(course) as ledger:
        document = responses_document(ledger, sheets, datetime.datetime.now(datetime.UTC))
    if not document["quizzes"]:
        stop(f"{document['learner']['name']} has answered nothing here yet", FAILED)
    text = json.dumps(document, indent=2, ensure_ascii=False)
    write_output(f"{text}\n", output)
    for line in _notes(document):
        click.echo(line, err=True)


def _sheets(course: Course, names: tuple[str, ...]) -> list[PublicQuiz]:
    from grader.quiz.edition import all_public, find_public
    from grader.quiz.registry import UnknownQuiz

    try:
        return [find_public(course, name) for name in names] if names else all_public(course)
    except UnknownQuiz as error:
        raise click.UsageError(str(error)) from None


def _notes(document: dict[str, Any]) -> list[str]:
    """Say what is handed in, and what is still open."""
    who = document["learner"]
    notes = [f"answers of {who['name']} (id {who['id']})"]
    if who["id"] == "anonymous":
        notes.append("nobody is logged in; `grader login NAME` says who learns here, before a quiz is begun")
    for quiz in document["quizzes"]:
        last = quiz["sittings"][-1]
        count = len({one["question"] for one in last["responses"]})
        state = "" if last["finished"] else ", not finished yet"
        notes.append(f"{quiz['quiz']}: {count} of {len(last['questions'])} answered{state}")
    return notes
