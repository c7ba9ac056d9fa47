"""``grader list``: the exercises, the learner's credits and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.course import Course


@click.command("list")
@click.pass_obj
def command(course_folder: str | None) -> None:
    """Show the exercises, your credits as of the last check, and what to do next."""
    from grader.course import find_course

    show_list(find_course(course_folder))


def show_list(course: Course) -> None:
    """Show the exercises of a course with the learner's credits."""
    from grader.cli.terminal import print_lines, width
    from grader.progress.ledger import open_ledger
    from grader.reports.lines import Line
    from grader.reports.overview import overview_lines
    from grader.reports.statement import headed

    exercises = [course.exercise(one) for one in course.exercise_ids()]
    with open_ledger(course) as ledger:
        learner = ledger.learner
        states = {exercise.id: ledger.latest(exercise.id) for exercise in exercises}
    rows = [
        (one.id, one.file.title, one.file.credits, state.earned if (state := states[one.id]) else None)
        for one in exercises
    ]
    lines: list[Line] = overview_lines(headed(course.title, learner, width()), rows, width())
    print_lines(lines)
