"""``grader reset``: put the stub of an exercise back, keeping what was there."""

from __future__ import annotations

import datetime
import itertools
import shutil
import sys

import click

from grader.cli import Course, pass_course
from grader.course import make_private_folder, make_stub, write_atomic


@click.command("reset")
@click.argument("exercise_id", metavar="EXERCISE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_course
def command(course: Course, exercise_id: str, yes: bool) -> None:
    """Put the stub of an exercise back; your file is kept in .grader/backups."""
    exercise = course[exercise_id]
    path, stub = exercise.stub_path, make_stub(exercise)
    if path.is_file() and path.read_bytes().replace(b"\r\n", b"\n") == stub.encode():
        click.echo(f"{path.name} is the stub already; nothing was changed")
        return
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here; add --yes to put the stub back")
    if not yes and not click.confirm(f"Replace {path.name} by the stub? A copy is kept.", default=False):
        click.echo("nothing was changed")
        return
    if path.exists():  # copied to a name that is not taken yet
        folder = course.state_folder / "backups" / exercise.id
        make_private_folder(course.state_folder)
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{exercise.file.module}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
        names = (f"{stem}{f'-{number}' if number else ''}.py" for number in itertools.count())
        copy = next(folder / name for name in names if not (folder / name).exists())
        shutil.copyfile(path, copy)
        click.echo(f"your file is kept as {copy.relative_to(course.root)}")
    write_atomic(path, stub)
    click.echo(f"{path.name} is the stub again")
