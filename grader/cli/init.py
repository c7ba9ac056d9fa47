"""``grader init``: write a course folder to learn in, with what an editor needs."""

import json
import os
import shlex
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click

import grader
from grader.authoring.handout import PACKAGE, Leaking, build_handout
from grader.cli import BROKEN, USAGE, stop
from grader.cli.handout import secret_of
from grader.course import COURSE_FILE, NoCourse, is_stub, open_course

PUBLISHED = False
"""Whether a release of ours is on PyPI. Until then anybody could own that name, and students get a wheel."""
RUN = "uvx rnn-grader" if PUBLISHED else "uvx --from WHEEL rnn-grader"
PACKED = Path(grader.__file__).parents[1] / PACKAGE  # where a wheel has put the students' edition
OLD = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--from", "old", metavar="OLD", type=OLD, help="Take along your work in this course folder.")
@click.pass_obj
def command(course: str | None, folder: Path, old: Path | None) -> None:
    """Write a course folder to learn in: exercises, quizzes, and settings for an editor.

    DIR is new or empty; nothing is ever written over. With --from, your files, credits and answers of an
    earlier edition come along; they stay where they were as well.
    """
    _require_new(folder)
    before = open_course(old) if old else None
    with tempfile.TemporaryDirectory() as beside:
        packed = PACKED if PACKED.is_dir() else _build(course, Path(beside, PACKAGE))
        ignored = shutil.ignore_patterns("__init__.py", "__pycache__")
        try:
            shutil.copytree(packed, folder, ignore=ignored, copy_function=shutil.copyfile, dirs_exist_ok=True)
            (folder / "requirements.txt").write_text(f"{_requirement(folder)}\n", encoding="utf-8")
            if before:
                made, known = open_course(folder), before.exercise_ids()
                for exercise in (exercise for exercise in made.exercises() if exercise.id in known):
                    mine = before.root / exercise.stub_path.relative_to(made.root)
                    if mine.is_file() and not is_stub(before[exercise.id], mine.read_bytes()):
                        shutil.copyfile(mine, exercise.stub_path)
                if before.state_folder.is_dir():
                    shutil.copytree(before.state_folder, made.state_folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)  # all that is in it is ours
            stop(f"{folder} cannot be written: {error.strerror or error}; name another folder", USAGE)
    _tell(folder)


def _require_new(folder: Path) -> None:
    """Refuse a folder that holds anything, and say how to go on in one that holds a course."""
    if (folder / COURSE_FILE).is_file():
        mine, ours = (
            [path.read_bytes() for path in sorted(root.glob("recorded/*/*.bin"))] for root in (folder, PACKED)
        )
        if mine == ours:
            stop(f"{folder} is this course already; go there and type `grader`", USAGE)
        cure = f"name a new folder and add `--from {shlex.quote(str(folder))}`, and your work comes along"
        stop(f"{folder} holds another edition of a course, and stays as it is; {cure}", USAGE)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        stop(f"{folder} is not empty; name a folder that is new or empty", USAGE)


def _build(course: str | None, target: Path) -> Path:
    """Build the students' edition where none is installed: in a clone, whose full course is at hand."""
    clone = PACKED.parent
    try:
        full = open_course(course or (clone if (clone / COURSE_FILE).is_file() else None))
        click.echo("building the students' edition, which takes a minute or two", err=True)
        build_handout(full, target, secret_of(full), program=False)
    except NoCourse:
        stop(f"this installation carries no course; `{RUN} init DIR` writes one, or go to a clone", USAGE)
    except Leaking as leaking:
        stop(f"nothing was written: the course would tell answers: {leaking.leaks[0]}", BROKEN)
    return target


def _requirement(folder: Path) -> str:
    """Return what pip installs this program by; a wheel comes along, so that the folder is enough."""
    origin = json.loads(metadata.distribution("rnn-grader").read_text("direct_url.json") or "{}")
    url = origin.get("url", "")
    wheel = Path(url2pathname(urlsplit(url).path)) if url.startswith("file:") else Path()
    if wheel.suffix == ".whl" and wheel.is_file():
        shutil.copyfile(wheel, folder / wheel.name)
        return f"./{wheel.name}"
    return f"rnn-grader @ {url}" if url else f"rnn-grader=={grader.__version__}"


def _tell(folder: Path) -> None:
    """Say what to type next; and let an editor use the Python that has this program."""
    commands = [f"cd {shlex.quote(str(folder))}"] if folder.resolve() != Path.cwd() else []
    if "UV" in os.environ:  # uvx runs this, and what it installed is out of reach
        activate = r".venv\Scripts\activate" if os.name == "nt" else ". .venv/bin/activate"
        commands += ["uv venv", "uv pip install -r requirements.txt", activate, "grader"]
    else:
        settings = folder / ".vscode" / "settings.json"
        text, python = settings.read_text(encoding="utf-8"), json.dumps(sys.executable)[1:-1]
        settings.write_text(text.replace("${workspaceFolder}/.venv/bin/python", python), encoding="utf-8")
        commands += ["grader" if shutil.which("grader") else str(Path(sys.executable).with_name("grader"))]
    click.echo(f"{folder} is ready. What to type next:\n")
    click.echo("".join(f"    {command}\n" for command in commands), nl=False)
