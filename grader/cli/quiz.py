"""``grader quiz``: take a quiz in the terminal; its sub-commands write and grade answers."""

from __future__ import annotations

import datetime
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import click

from grader.cli.group import FAILED, stop
from grader.cli.options import format_option, output_option, write_output
from grader.cli.quiz_scripted import answer_from_file
from grader.cli.quiz_terminal import choose, review_due, sit
from grader.course import open_course
from grader.progress.ledger import open_ledger
from grader.progress.responses import responses_document
from grader.quiz.credits import open_context
from grader.quiz.edition import all_public, find_public
from grader.quiz.registry import UnknownQuiz
from grader.quiz.session import OtherSitting, Selection, Session

SUB_COMMANDS = {
    "responses": "Write your stored answers into a file, to hand in.",
    "grade": "Grade answers that were handed in (for instructors).",
}
OLD_NAMES: tuple[str, ...] = ("lint", "build")
if importlib.util.find_spec("grader.cli.quiz_grade") is None:  # in the students' edition
    SUB_COMMANDS, OLD_NAMES = {"responses": SUB_COMMANDS["responses"]}, ()


class _QuizGroup(click.Group):
    """Any word that is no sub-command is the name of a quiz."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        if not asks_for_help and (not args or args[0] not in (*SUB_COMMANDS, *OLD_NAMES)):
            args = ["take", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUB_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in ("take", "responses"):
            return take if name == "take" else responses
        if name in OLD_NAMES:
            return getattr(importlib.import_module("grader.cli.old_names"), name)
        if name not in SUB_COMMANDS:
            return None
        command = importlib.import_module(f"grader.cli.quiz_{name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUB_COMMANDS[name]) for name in self.list_commands(ctx)])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        take.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group("quiz", cls=_QuizGroup, options_metavar="[NAME] [OPTIONS]", subcommand_metavar="")
def command() -> None:
    """Take a quiz, or choose one from a list.

    Every answer is kept at once: leave with q, Ctrl+C or by closing the window, and go on later.

    Exits with 0 if the pass mark was reached, 1 below it, 75 if the quiz was left unfinished.
    """


@click.command("take")
@click.argument("name", required=False)
@click.option("--topic", default="", help="Only questions of this topic.")
@click.option("--questions", type=click.IntRange(1), metavar="N", help="Only so many questions.")
@click.option("--review", is_flag=True, help="Missed questions that are due again, with new numbers.")
@click.option("--restart", is_flag=True, help="Leave an unfinished sitting as it is, and begin anew.")
@click.option(
    "--answers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take the answers from a YAML or JSON file: question id to answer, or to a list of attempts.",
)
@format_option("text", "json", help="For people, or for programs (with --answers).")
@click.pass_obj
def take(
    course_folder: str | None,
    name: str | None,
    topic: str,
    questions: int | None,
    review: bool,
    restart: bool,
    answers: Path | None,
    form: str,
) -> None:
    """Take a quiz."""
    if form == "json" and answers is None:
        raise click.UsageError("--format json goes with --answers")
    if answers is not None and name is None:
        raise click.UsageError("--answers needs the NAME of a quiz")
    course = open_course(course_folder)
    try:
        with open_context(course) as context:
            if review:
                sheets = [find_public(course, name)] if name else all_public(course)
                sys.exit(review_due(sheets, context, questions or 0))
            sheet = find_public(course, name or choose(all_public(course), context))
            if topic and topic not in sheet.topics:
                topics = ", ".join(sheet.topics)
                raise click.UsageError(f"{sheet.id} has no topic {topic!r}; it has {topics}")
            selection = Selection(topic, questions or 0, restart)
            if answers is not None:
                sys.exit(answer_from_file(sheet, context, selection, answers, form))
            sys.exit(sit(Session(sheet, context, selection)))
    except (UnknownQuiz, OtherSitting) as error:
        raise click.UsageError(str(error)) from None


@click.command("responses")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@output_option()
@click.pass_obj
def responses(course_folder: str | None, names: tuple[str, ...], output: Path | None) -> None:
    """Write your stored answers into a file, to hand in.

    The file holds what you typed, and nothing about right and wrong (docs/report.md).
    """
    course = open_course(course_folder)
    try:
        sheets = [find_public(course, name) for name in names] if names else all_public(course)
    except UnknownQuiz as error:
        raise click.UsageError(str(error)) from None
    quizzes = [(sheet.id, sheet.public.version, sheet.path) for sheet in sheets]
    with open_ledger(course) as ledger:
        document = responses_document(ledger, quizzes, datetime.datetime.now(datetime.UTC))
    if not document["quizzes"]:
        stop(f"{document['learner']['name']} has answered nothing here yet", FAILED)
    write_output(f"{json.dumps(document, indent=2, ensure_ascii=False)}\n", output)
    for note in _notes(document):
        click.echo(note, err=True)


def _notes(document: dict[str, Any]) -> list[str]:
    """Say what is handed in, and what is still open."""
    who = document["learner"]
    notes = [f"answers of {who['name']} (id {who['id']})"]
    if who["id"] == "anonymous":
        notes.append("nobody is logged in; `grader login NAME` says who learns here, before a quiz is begun")
    for quiz in document["quizzes"]:
        last = quiz["sittings"][-1]
        count = len({answer["question"] for answer in last["responses"]})
        state = "" if last["finished"] else ", not finished yet"
        notes.append(f"{quiz['quiz']}: {count} of {len(last['questions'])} answered{state}")
    return notes
