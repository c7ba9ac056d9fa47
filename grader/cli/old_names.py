"""Former spellings of commands, for one release: each names the new one on stderr, and works."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli import exercises_option, handout, verify


def _notice(old: str, new: str) -> None:
    click.echo(f"grader: `grader {old}` is now `grader {new}`; the old spelling will go", err=True)


@click.command("gradescope-zip", hidden=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default="autograder.zip")
@exercises_option("Grade these only")
@click.pass_context
def gradescope_zip(context: click.Context, output: Path, exercises: tuple[str, ...]) -> None:
    """Do what `grader handout --gradescope` does."""
    _notice("gradescope-zip", f"handout {output} --gradescope")
    context.invoke(handout.command, target=output, exercises=exercises, gradescope=True)


@click.command("build", hidden=True)
@click.argument("names", nargs=-1)
@click.option("--student", "folder", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.pass_context
def build(context: click.Context, names: tuple[str, ...], folder: Path) -> None:
    """Do what `grader handout --quizzes-only` does."""
    _notice("quiz build", f"handout {folder} --quizzes-only")
    context.invoke(handout.command, target=folder, quizzes=names, quizzes_only=True)


@click.command("lint", hidden=True)
@click.argument("names", nargs=-1)
@click.pass_context
def lint(context: click.Context, names: tuple[str, ...]) -> None:
    """Do what `grader verify --quizzes` does."""
    _notice("quiz lint", "verify --quizzes")
    context.invoke(verify.command, names=names, quizzes=True)
