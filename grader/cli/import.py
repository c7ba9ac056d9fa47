"""``grader import``: go on here where a browser, or another machine, has stopped."""

import sys
from pathlib import Path

import click

from grader.cli import USAGE, Course, counted, hide, pass_course, stop
from grader.progress import Ledger, open_ledger
from grader.progress.hand_in import MAX_BYTES, BadDocument
from grader.progress.transfer import Taken, take_in
from grader.quiz.credits import open_context, update
from grader.quiz.files import all_quizzes


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_course
def command(course: Course, file: Path, yes: bool) -> None:
    """Go on here where a browser, or another machine, has stopped.

    FILE is what the course's website saves, or `grader backup`. What it would add is shown before anything is
    added; what is here already is not added twice. Answers to practice quizzes are marked anew here.
    """
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)

    def take(ledger: Ledger) -> Taken:
        try:
            return take_in(ledger, data, course.salt)
        except BadDocument as error:
            stop(f"{file} {error}", USAGE)

    with open_ledger(course) as ledger:
        found = take(ledger)
        ledger.connection.execute("ROLLBACK")
        ledger.connection.execute("BEGIN")
    if not found.new:
        click.echo(f"{file} holds nothing that is not here already")
        return
    parts = [
        counted(found.new[table], word) + rest for table, (word, rest) in WHAT.items() if found.new[table]
    ]
    click.echo(f"{file}: {', '.join(parts) or 'names only'}, of {', '.join(sorted(found.people))}")
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here; add --yes to take it in")
        if not click.confirm("Add this to what is recorded here?", default=True):
            click.echo("nothing was changed")
            return
    with open_ledger(course) as ledger:
        take(ledger)
    with open_context(course, hide) as context:
        update(all_quizzes(course), context)
    click.echo("it is here now; `grader credits` shows what it is worth")


WHAT = {
    "begun": ("sitting", " of quizzes"),
    "answered": ("answer", ""),
    "quiz_hinted": ("hint", " on questions"),
    "checked": ("check", " of exercises"),
    "hinted": ("hint", " on exercises"),
}
"""What is told of a file's events, by their table: of one, and the rest."""
