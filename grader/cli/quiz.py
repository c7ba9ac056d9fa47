"""``grader quiz``: the command and its sub-commands, which hand in and grade."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import click

from grader.cli import LazyGroup, format_option, hide

SECTIONS = {"Commands": {"responses": "Write your stored answers into a file, to hand in."}}
if importlib.util.find_spec("grader.cli.quiz_grade"):  # not in the students' edition
    SECTIONS["For instructors"] = {"grade": "Grade answers that were handed in."}


class _QuizGroup(LazyGroup):
    """Any word that is no sub-command is the name of a quiz."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        if not asks_for_help and (not args or args[0] not in self.list_commands(ctx)):
            args = ["take", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name == "take":
            return take
        if name != "responses":  # the others hold keys
            hide()
        return super().get_command(ctx, name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        take.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(
    "quiz",
    cls=_QuizGroup,
    sections=SECTIONS,
    module="grader.cli.quiz_{}",
    options_metavar="[NAME] [OPTIONS]",
    subcommand_metavar="",
)
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
def take(course_folder: str | None, /, **options: Any) -> None:
    """Take a quiz."""
    from grader.cli.quiz_take import take_quiz  # the help does not wait for it

    sys.exit(take_quiz(course_folder, **options))
