"""``grader quiz lint``: look for faults in quizzes."""

from __future__ import annotations

import sys

import click


@click.command("lint")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.pass_obj
def command(course_folder: str | None, names: tuple[str, ...]) -> None:
    """Look for faults in quizzes.

    Recomputes every key, draws 2,000 variants of each question with parameters, runs the code, and looks for
    cues. Exits with 3 if there is a fault.
    """
    from grader.authoring.quiz_lint import lint_course
    from grader.cli import BROKEN
    from grader.cli.terminal import print_lines, width
    from grader.course import find_course
    from grader.quiz.registry import UnknownQuiz, find_quiz_path
    from grader.reports.verify_tables import quiz_lines

    course = find_course(course_folder)
    try:
        paths = [find_quiz_path(course, name) for name in names]
    except UnknownQuiz as error:
        raise click.UsageError(str(error)) from None
    results = lint_course(course, tuple(path.stem for path in paths))
    print_lines(quiz_lines(results, width()))
    sys.exit(BROKEN if any(one.faults for one in results) else 0)
