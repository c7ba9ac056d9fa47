"""``grader debug``: a failing check's inputs in a file, and how to ask one's own function for them."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np

from grader.checks.debug import NoSuchCheck, find_failing_call
from grader.checks.run import new_seed
from grader.cli import (
    FAILED,
    USAGE,
    Course,
    output_option,
    pass_course,
    progress_line,
    seed_option,
    stop,
    write_output,
)
from grader.sandbox.pool import open_pool


@click.command("debug")
@click.argument("exercise_id", metavar="EXERCISE")
@click.argument("check", required=False)
@seed_option()
@output_option("The file to write [debug-CHECK.npz in this folder].", suffixes=(".npz",))
@pass_course
def command(
    course: Course, exercise_id: str, check: str | None, seed: int | None, output: Path | None
) -> None:
    """Write a failing check's inputs to a file, and show how to try them yourself.

    CHECK is the name of a visible check; without it, the first that fails is meant. What is shown can be
    typed at a Python prompt, where you can look at every step, with print or a debugger.
    """
    exercise = course[exercise_id]
    seed = new_seed() if seed is None else seed
    with open_pool() as pool, progress_line() as progress:
        try:
            outcome, call = find_failing_call(exercise, pool, check, seed, progress)
        except NoSuchCheck as unknown:
            stop(str(unknown), USAGE)
    if outcome is None or outcome.status == "passed":
        click.echo(f"{outcome.check if outcome else 'every visible check'} passes; there is nothing to debug")
        return
    click.echo(f"{outcome.check}: {outcome.title}")
    for line in outcome.message.splitlines():
        click.echo(f"  {line}")
    if call is None:
        sys.exit(FAILED)
    target = output or Path(f"debug-{outcome.check}.npz")
    content, arrays = io.BytesIO(), dict[str, Any](call.arrays())
    np.savez(content, **arrays)
    write_output(content.getvalue(), target)
    click.echo(f"\n{target} holds what it asked (seed {seed}). Start python here and type:\n")
    for line in call.lines(exercise, target):
        click.echo(line)
    if call.shapes:
        shapes = ", ".join(f"{name} {shape}" for name, shape in call.shapes.items())
        click.echo(f"\nThe shapes should be: {shapes}")
