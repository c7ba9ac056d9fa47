"""``grader login``: who learns here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.progress.learner import Learner


@click.command("login")
@click.argument("name", required=False)
@click.option("--id", "learner_id", help="Keep the balance under this id; without it, one is made from NAME.")
@click.pass_obj
def command(course_folder: str | None, name: str | None, learner_id: str | None) -> None:
    """Say who learns here, by any NAME; without one, show who is logged in.

    Every learner of a course folder has a balance of their own. What is recorded while nobody is logged in
    belongs to the learner `anonymous`, and stays there; `grader login anonymous` goes back to it.
    """
    from grader.course import open_course
    from grader.progress.ledger import ANONYMOUS, open_ledger

    if name is None and learner_id is not None:
        raise click.UsageError("--id goes with a name: grader login NAME --id ID")
    course = open_course(course_folder)
    if name is None:
        with open_ledger(course) as ledger:
            click.echo(_current(ledger.learner))
        return
    learner = _learner(name, learner_id)
    with open_ledger(course) as ledger:
        before = ledger.learner
        left = before == ANONYMOUS != learner and bool(ledger.balances())
        known = {one.id: one.name for one in ledger.learners()}.get(learner.id)
        ledger.login(learner)
    click.echo(_current(learner))
    if known is not None and learner not in (before, ANONYMOUS):
        click.echo(f"this id was {known}'s before; if you are someone else, log in with an --id of your own")
    if left:
        click.echo("what was recorded before stays with the learner `anonymous`")


def _current(learner: Learner) -> str:
    from grader.progress.learner import ANONYMOUS

    if learner == ANONYMOUS:
        return "nobody is logged in; what you do counts for the learner `anonymous`"
    return f"logged in as {learner.name} (id {learner.id})"


def _learner(name: str, learner_id: str | None) -> Learner:
    from grader.progress.learner import Learner

    try:
        return Learner.named(name, learner_id)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
