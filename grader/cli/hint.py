"""``grader hint``: one more hint each time."""

from collections.abc import Iterator

import click

from grader.checks.collection import collect_checks
from grader.checks.report import Report
from grader.cli import Course, pass_course, print_lines, width
from grader.course import Exercise, render
from grader.progress import Ledger, open_ledger
from grader.reports.text import Line, wrapped
from grader.sandbox.text import clean


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
    with open_ledger(course) as ledger:
        wrong = any("failed" in _ended(exercise, name, ledger) for name in names)
    report = None
    if wrong and course.causes == "hint" and not course.handout:  # what is wrong in a line may be told
        from grader.checks.run import check
        from grader.sandbox.pool import open_pool

        with open_pool("best") as pool:
            report = check(exercise, pool=pool).for_student(exercise.file.feedback)
    print_lines(hint_lines(course, exercise, width(), function, report))


def _ended(exercise: Exercise, function: str, ledger: Ledger) -> set[str]:
    """Return how the checks of a function ended when they last ran."""
    latest = ledger.latest(exercise.id)
    outcomes = latest.outcomes.items() if latest else ()
    return {status for check, status in outcomes if exercise.function_of(check) == function}


def _waits_for(course: Course, exercise: Exercise, function: str, ledger: Ledger) -> str:
    """Say which earlier exercise has to come first, if a function's checks wait for one; else nothing."""
    checks = (check for check in collect_checks(exercise) if check.function == function)
    for used, _, lower in (name.partition(".") for check in checks for name in check.prerequisites):
        if _ended(course[used], lower, ledger) != {"passed"}:
            waits = f"`{function}` waits for {used}: `{lower}` does not pass its own checks yet."
            return f"{waits} Write {used} first (`grader check {used}`). No hint was spent."
    return ""


def hint_lines(
    course: Course,
    exercise: Exercise,
    columns: int,
    function: str | None = None,
    report: Report | None = None,
) -> Iterator[Line]:
    """Lay out the hints on a function so far and one more, and remember that it was shown.

    Args:
        report: of the last check; what is wrong in a line that it names comes before the hints, once.
    """
    names = exercise.file.functions
    with open_ledger(course) as ledger:
        ended = {name: _ended(exercise, name, ledger) - {"passed"} for name in names}
        wanting = [name for status in ("failed", "skipped") for name in names if status in ended[name]]
        name = function or next(iter(wanting), names[0])
        if ended[name] == {"skipped"} and (waits := _waits_for(course, exercise, name, ledger)):
            yield from wrapped(waits, "detail", columns, "")
            return
        places = (each.located for each in (report.outcomes if report else ()) if each.function == name)
        place = next((each for each in places if each and each.cause), None)
        if place and course.causes == "hint" and not ledger.hints_shown(exercise.id, f"{name}: {place.text}"):
            ledger.record_hint(exercise.id, f"{name}: {place.text}")
            yield from wrapped(clean(place.text), "diagnosis", columns, "  ")
            yield from wrapped(f"({name}: `grader hint` once more shows a hint)", "detail", columns, "")
            return
        hints = exercise.file.hints.get(name, ())
        shown = ledger.hints_shown(exercise.id, name)
        if shown < len(hints):
            ledger.record_hint(exercise.id, name)
    for number, hint in enumerate(hints[: shown + 1], 1):
        first, *rest = wrapped(render(hint), "detail", columns, "   ")
        yield from (Line(f"{number}. {first.text[3:]}", "detail"), *rest)
    left = f"{len(hints) - shown - 1} more to come" if shown + 1 < len(hints) else ""
    left = left or f"that was the last hint; `grader show {exercise.id}` has the theory"
    yield from wrapped(f"({name}: {left})", "detail", columns, "")
