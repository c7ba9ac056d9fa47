"""``grader hint``: one more hint each time."""

from __future__ import annotations

import click

from grader.cli import Course, pass_course
from grader.course import Exercise, render
from grader.progress import open_ledger


@click.command("hint")
@click.argument("exercise_id", metavar="EXERCISE")
@click.argument("function", required=False)
@pass_course
def command(course: Course, exercise_id: str, function: str | None) -> None:
    """Show one more hint on an exercise.

    FUNCTION picks one of its functions; without it, the first that your last check found wanting is meant.
    """
    exercise = course[exercise_id]
    names = exercise.file.functions
    if function is not None and function not in names:
        raise click.UsageError(f"{exercise.id} has no function {function!r}; it has {', '.join(names)}")
    show_hint(course, exercise, function)


def show_hint(course: Course, exercise: Exercise, function: str | None = None) -> None:
    """Show the hints on a function so far and one more, and remember that it was shown."""
    names = exercise.file.functions
    with open_ledger(course) as ledger:
        latest = ledger.latest(exercise.id)
        outcomes = latest.outcomes.items() if latest else ()
        wanting = [exercise.function_of(check) for check, status in outcomes if status != "passed"]
        name = function or next((name for name in names if name in wanting), names[0])
        hints = exercise.file.hints.get(name, ())
        shown = ledger.hints_shown(exercise.id, name)
        if shown < len(hints):
            ledger.record_hint(exercise.id, name)
    for number, hint in enumerate(hints[: shown + 1], 1):
        click.echo(
            click.wrap_text(f"{number}. {render(hint)}", 80, initial_indent="", subsequent_indent="   ")
        )
    if shown + 1 < len(hints):
        click.echo(f"({name}: {len(hints) - shown - 1} more to come)")
    else:
        click.echo(f"({name}: that was the last hint; `grader show {exercise.id}` has the theory)")
