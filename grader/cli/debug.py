"""``grader debug``: a failing check's inputs in a file, and how to ask one's own function for them."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from grader import cli
from grader.checks.debug import FailingCall, find_failing_call
from grader.checks.report import Outcome
from grader.course import Exercise, make_private_folder, shown_path
from grader.reports.text import Line, wrapped
from grader.sandbox.pool import open_pool
from grader.sandbox.text import clean


@click.command("debug")
@click.argument("exercise_id", metavar="EXERCISE")
@click.argument("check", required=False)
@cli.seed_option()
@cli.output_option("The program to write [debug_EXERCISE.py in the course folder].", suffixes=(".py",))
@cli.pass_course
def command(
    course: cli.Course, exercise_id: str, check: str | None, seed: int | None, output: Path | None
) -> None:
    """Write a small program that calls your function as a failing check does, and stops at its first line.

    CHECK is the name of a visible check; without it, the first that fails is meant. Run the program with
    python, in your editor or in Jupyter; there you can look at every step.
    """
    exercise = course[exercise_id]
    with open_pool() as pool, cli.progress_line() as progress:
        outcome, call = find_failing_call(exercise, pool, check, seed, progress)
    cli.print_lines(debug_lines(course, exercise, outcome, call, cli.width(), output))
    if outcome and outcome.status != "passed" and not call:
        sys.exit(cli.FAILED)


def debug_lines(
    course: cli.Course,
    exercise: Exercise,
    outcome: Outcome | None,
    call: FailingCall | None,
    columns: int,
    output: Path | None = None,
) -> Iterator[Line]:
    """Write the program for what :func:`find_failing_call` found, and say how it is used."""
    if outcome is None or outcome.status == "passed":
        what = outcome.check if outcome else "every visible check"
        yield from wrapped(f"{what} passes; there is nothing to debug", "detail", columns, "")
        return
    yield from wrapped(f"{outcome.check}: {outcome.title}", "failed", columns, "")
    yield from wrapped(clean(outcome.message), "detail", columns, "  ")
    if call is None:
        return
    name = f"debug_{exercise.id.replace('-', '_')}"
    arrays, content = course.state_folder / f"{name}.npz", io.BytesIO()
    np.savez(content, **dict[str, Any](call.arrays()))
    make_private_folder(course.state_folder)
    cli.write_output(content.getvalue(), arrays)
    target = output or course.root / f"{name}.py"
    root = None if target.resolve().parent == course.root else course.root
    cli.write_output(call.program(exercise, outcome, arrays.relative_to(course.root), root), target)
    yield Line("", "detail")
    yield from wrapped("This calls your function as the check does, and stops in it:", "detail", columns, "")
    yield Line(f"  {'python' if sys.platform == 'win32' else 'python3'} {shown_path(target)}", "heading")
