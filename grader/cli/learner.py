"""``grader login`` and ``grader list``: who learns here, and how far they are."""

import shutil
import sys
from collections.abc import Iterable

import click

from grader.checks.report import Report
from grader.cli import Course, pass_course, print_lines, width
from grader.progress import ANONYMOUS, Learner, open_ledger, standings
from grader.reports.statement import headed, overview_lines


@click.command("list")
@pass_course
def show_list(course: Course) -> None:
    """Show the exercises, your credits as of the last check, and what to do next."""
    with open_ledger(course) as ledger:
        rows, title = standings(course, ledger), headed(course.title, ledger.learner, width())
    print_lines(overview_lines(title, rows, width()))


@click.command("login")
@click.argument("name", required=False)
@click.option("--id", "learner_id", help="Keep the balance under this id; without it, one is made from NAME.")
@pass_course
def login(course: Course, name: str | None, learner_id: str | None) -> None:
    """Say who learns here, by any NAME; without one, show who is logged in.

    Every learner of a course folder has a balance of their own. What is recorded while nobody is logged in is
    taken over by whoever logs in first; after that it belongs to the learner `anonymous`.
    """
    if name is None and learner_id is not None:
        raise click.UsageError("--id goes with a name: grader login NAME --id ID")
    if name not in (None, ANONYMOUS.name) and learner_id is None and course.login_id:
        if not sys.stdin.isatty():
            raise click.UsageError(f"this course asks for your {course.login_id}: grader login NAME --id ID")
        learner_id = click.prompt(f"your {course.login_id}")
    try:
        learner = Learner.named(name, learner_id) if name is not None else None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with open_ledger(course) as ledger:
        before = ledger.learner
        known = {other.id: other.name for other in ledger.learners()}
        left = before == ANONYMOUS and bool(ledger.best_checks() or ledger.sittings())
        adopts = left and known.keys() <= {ANONYMOUS.id}
        if learner is not None:
            ledger.login(learner, adopts=adopts)
    now = learner or before
    if now == ANONYMOUS:
        click.echo("nobody is logged in; what you do counts for the learner `anonymous`")
    else:
        click.echo(f"logged in as {now.name} (id {now.id})")
    if now in (before, ANONYMOUS):
        return
    if now.id in known:
        told = f"this id was {known[now.id]}'s before"
        click.echo(f"{told}; if you are someone else, log in with an --id of your own")
    if adopts:
        click.echo("what was recorded before is yours now")
    elif left:
        click.echo("what was recorded before is `anonymous`'s; `grader login anonymous` goes back to it")


def ask_name(course: Course, reports: Iterable[Report]) -> bool:
    """Ask once, after the first credit, who learns here, and return whether it was; Enter is one answer."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and any(report.earned for report in reports)):
        return False
    with open_ledger(course) as ledger:
        if ledger.learners():
            return False
    learner = None
    text = "Your first credits. They are kept here under a name; type yours, or Enter to stay without."
    click.echo(f"\n{click.wrap_text(text, shutil.get_terminal_size().columns)}")
    while learner is None:
        try:
            name = click.prompt("name", default="", show_default=False)
            asked = click.prompt(f"your {course.login_id}") if name and course.login_id else None
            learner = Learner.named(name, asked) if name else ANONYMOUS
        except ValueError as error:
            click.echo(str(error))
        except click.Abort:
            return True
    with open_ledger(course) as ledger:
        ledger.login(learner, adopts=True)
    click.echo("`grader login NAME` changes it" if learner == ANONYMOUS else f"logged in as {learner.name}")
    return True
