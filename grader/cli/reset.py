"""``grader reset``: put the stub of an exercise back, keeping what was there."""

import datetime
import itertools
import shutil
import sys

import click

from grader.cli import Course, pass_course
from grader.course import Exercise, is_stub, make_private_folder, make_stub, write_atomic


@click.command("reset")
@click.argument("exercise_id", metavar="EXERCISE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_course
def command(course: Course, exercise_id: str, yes: bool) -> None:
    """Put the stub of an exercise back; your file is kept in .grader/backups."""
    exercise = course[exercise_id]
    path = exercise.stub_path
    if not yes and not (path.is_file() and is_stub(exercise, path.read_bytes())):
        if not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here; add --yes to put the stub back")
        if not click.confirm(f"Replace {path.name} by the stub? A copy is kept.", default=False):
            click.echo("nothing was changed")
            return
    click.echo(restore_stub(course, exercise))


def restore_stub(course: Course, exercise: Exercise) -> str:
    """Put the stub of an exercise back, keep a copy of what was there, and say so."""
    path, stub = exercise.stub_path, make_stub(exercise)
    if path.is_file() and is_stub(exercise, path.read_bytes()):
        return f"{path.name} is the stub already; nothing was changed"
    kept = ""
    if path.exists():  # copied to a name that is not taken yet
        folder = course.state_folder / "backups" / exercise.id
        make_private_folder(course.state_folder)
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{exercise.file.module}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
        names = (f"{stem}{f'-{number}' if number else ''}.py" for number in itertools.count())
        copy = next(folder / name for name in names if not (folder / name).exists())
        shutil.copyfile(path, copy)
        kept = f"your file is kept as {copy.relative_to(course.root)}\n"
    write_atomic(path, stub)
    return f"{kept}{path.name} is the stub again"
