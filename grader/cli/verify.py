"""``grader verify``: the course checks itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli import BROKEN, USAGE, stop

if TYPE_CHECKING:
    from grader.course import Course

HEADING = f"{'exercise':<14}{'credits':>8}{'checks':>8}{'misconceptions':>16}{'variants':>11}"


@click.command("verify")
@click.argument("exercises", metavar="[EXERCISE]...", nargs=-1)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the random inputs."
)
@click.option("--jobs", type=click.IntRange(0), default=0, help="Processes; default: one a processor.")
@click.option(
    "--mutants", is_flag=True, help="Test the checks: each small change to a solution must lose a credit."
)
@click.option("--diagnose", is_flag=True, help="Show which known mistakes are recognised, and as what.")
@click.pass_obj
def command(
    course_folder: str | None,
    exercises: tuple[str, ...],
    seed: int,
    jobs: int,
    mutants: bool,
    diagnose: bool,
) -> None:
    """Let the course check itself: all of it, or the exercises named.

    The solution must earn all credits, the stub none; every known misconception must lose some, every
    accepted variant none; without names, every quiz is linted as well. Exits with 3 on any fault.
    """
    from grader.authoring.quiz_lint import findings_lines, lint_course
    from grader.authoring.verify import Findings, verify_course
    from grader.cli.terminal import print_lines, width
    from grader.course import find_course
    from grader.reports.lines import Line, wrapped

    def row(one: Findings) -> str:
        caught, accepted = f"{one.caught}/{one.misconceptions}", f"{one.accepted}/{one.variants}"
        state = f"{len(one.faults)} faults" if one.faults else "ok"
        return f"{one.exercise:<14}{one.credits:>8}{one.checks:>8}{caught:>16}{accepted:>11}  {state}"

    course = find_course(course_folder)
    if course.handout:
        stop(f"{course.root} is a hand-out, which has nothing to verify; go to the full course", USAGE)
    if mutants:
        from grader.authoring.mutants import trial_lines, try_mutants

        trials = try_mutants(course, exercises, seed=seed, jobs=jobs)
        print_lines(trial_lines(trials, width()))
        sys.exit(BROKEN if any(one.faults for one in trials) else 0)
    if diagnose:
        _show_confusions(course, exercises, seed, jobs)
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


def _show_confusions(course: Course, exercises: tuple[str, ...], seed: int, jobs: int) -> NoReturn:
    """Print the confusion table exercise by exercise; a wrong name is a fault."""
    from grader.authoring.confusion import confusions
    from grader.cli.terminal import print_lines, width
    from grader.reports.confusion_lines import HEADING as COLUMNS
    from grader.reports.confusion_lines import confusion_lines
    from grader.reports.lines import Line

    print_lines([Line(COLUMNS, "heading")])
    misnamed = 0
    for one in confusions(course, exercises, seed=seed, jobs=jobs):
        print_lines(confusion_lines(one, width()))
        misnamed += len(one.misnamed)
    sys.exit(BROKEN if misnamed else 0)
