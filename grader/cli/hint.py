"""``grader hint``: one more hint each time."""

from __future__ import annotations

import click

from grader.course import Course, Exercise, open_course
from grader.progress.ledger import open_ledger


@click.command("hint")
@click.argument("exercise")
@click.argument("function", required=False)
@click.pass_obj
def command(course_folder: str | None, exercise: str, function: str | None) -> None:
    """Show one more hint on an exercise.

    FUNCTION picks one of its functions; without it, the first that your last check found wanting is meant.
    """
    course = open_course(course_folder)
    subject = course[exercise]
    names = subject.file.functions
    if function is not None and function not in names:
        raise click.UsageError(f"{exercise} has no function {function!r}; it has {', '.join(names)}")
    show_hint(course, subject, function)


def show_hint(course: Course, subject: Exercise, function: str | None = None) -> None:
    """Show the hints on a function so far and one more, and remember that it was shown."""
    names = subject.file.functions
    with open_ledger(course) as ledger:
        latest = ledger.latest(subject.id)
        wanting = [
            subject.function_of(check)
            for check, status in (latest.outcomes.items() if latest else ())
            if status != "passed"
        ]
        name = function or next((one for one in names if one in wanting), names[0])
        hints = subject.file.hints.get(name, ())
        shown = ledger.hints_shown(subject.id, name)
        if shown < len(hints):
            ledger.record_hint(subject.id, name)
    for number, hint in enumerate(hints[: shown + 1], 1):
        click.echo(click.wrap_text(f"{number}. {hint}", 80, initial_indent="", subsequent_indent="   "))
    if shown + 1 < len(hints):
        click.echo(f"({name}: {len(hints) - shown - 1} more to come)")
    else:
        click.echo(f"({name}: that was the last hint; `grader show {subject.id}` has the theory)")
