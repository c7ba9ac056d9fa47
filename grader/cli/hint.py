"""``grader hint``: one more hint each time."""

from collections.abc import Iterator

import click

from grader.checks.report import Report
from grader.cli import Course, pass_course, print_lines, width
from grader.course import Exercise, render
from grader.progress import ended, open_ledger, take_hint, waits_for
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
        wrong = any("failed" in ended(exercise, name, ledger) for name in names)
    report = None
    if wrong and course.causes == "hint" and not course.handout:  # what is wrong in a line may be told
        from grader.checks.run import check
        from grader.sandbox.pool import open_pool

        with open_pool("best") as pool:
            report = check(exercise, pool=pool).for_student(exercise.file.feedback)
    print_lines(hint_lines(course, exercise, width(), function, report))


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
        states = {name: ended(exercise, name, ledger) for name in names}
        wanting = [name for status in ("failed", "skipped") for name in names if status in states[name]]
        name = function or next(iter(wanting), names[0])
        if waits := waits_for(course, exercise, name, ledger):
            says = f"{waits[1]} Write {waits[0]} first (`grader check {waits[0]}`). No hint was spent."
            yield from wrapped(says, "detail", columns, "")
            return
        places = (each.located for each in (report.outcomes if report else ()) if each.function == name)
        place = next((each for each in places if each and each.cause), None)
        if place and course.causes == "hint" and not ledger.hints_shown(exercise.id, f"{name}: {place.text}"):
            ledger.record_hint(exercise.id, f"{name}: {place.text}")
            yield from wrapped(clean(place.text), "diagnosis", columns, "  ")
            yield from wrapped(f"({name}: `grader hint` once more shows a hint)", "detail", columns, "")
            return
        hints, more = take_hint(exercise, name, ledger)
    for number, hint in enumerate(hints, 1):
        first, *rest = wrapped(render(hint), "detail", columns, "   ")
        yield from (Line(f"{number}. {first.text[3:]}", "detail"), *rest)
    left = f"{more} more to come" if more > 0 else ""
    left = left or f"that was the last hint; `grader show {exercise.id}` has the theory"
    yield from wrapped(f"({name}: {left})", "detail", columns, "")
