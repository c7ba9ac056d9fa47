"""``grader verify``: the course checks itself."""

from __future__ import annotations

import sys

import click

from grader.cli import BROKEN

HEADING = f"{'exercise':<14}{'credits':>8}{'checks':>8}{'misconceptions':>16}{'variants':>11}"


@click.command("verify")
@click.argument("exercises", metavar="[EXERCISE]...", nargs=-1)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the random inputs."
)
@click.option("--jobs", type=click.IntRange(0), default=0, help="Processes; default: one a processor.")
@click.pass_obj
def command(course_folder: str | None, exercises: tuple[str, ...], seed: int, jobs: int) -> None:
    """Let the course check itself: all of it, or the exercises named.

    The solution must earn all credits, the stub none; every known misconception must lose some, every
    accepted variant none; without names, every quiz is linted as well. Exits with 3 on any fault.
    """
    from grader.cli.terminal import print_lines, width
    from grader.course import find_course
    from grader.quiz.lint import findings_lines, lint_course
    from grader.report.lines import Line, wrapped
    from grader.verify import Findings, verify_course

    def row(one: Findings) -> str:
        caught, accepted = f"{one.caught}/{one.misconceptions}", f"{one.accepted}/{one.variants}"
        state = f"{len(one.faults)} faults" if one.faults else "ok"
        return f"{one.exercise:<14}{one.credits:>8}{one.checks:>8}{caught:>16}{accepted:>11}  {state}"

    course = find_course(course_folder)
    results = verify_course(course, exercises, seed=seed, jobs=jobs)
    lines = [Line(HEADING, "heading")]
    lines += [Line(row(one), "failed" if one.faults else "passed") for one in results]
    faults = [fault for one in results for fault in one.faults]
    for fault in faults:
        lines += wrapped(fault, "detail", width(), indent="  ")
    print_lines(lines)
    quizzes = [] if exercises else lint_course(course)
    if quizzes:
        print_lines([Line("", "detail"), *findings_lines(quizzes, width())])
    sys.exit(BROKEN if faults or any(one.faults for one in quizzes) else 0)
