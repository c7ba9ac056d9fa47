"""Builds the students' edition of a course: no solution, no hidden check, no known mistake, no key.

It is built beside its place and looked through; it is put there only if nothing in it tells an answer. This
program goes with it, without the instructors' rooms; Gradescope gets the course and the program whole.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib.metadata
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import grader
from grader.authoring.leaks import find_leaks, secrets_of, texts_of
from grader.authoring.recorder import record, seed_of
from grader.authoring.verify import PICTURES
from grader.checks.plots import plot_path
from grader.checks.recorded import FILE
from grader.course import (
    COURSE_FILE,
    Course,
    CourseError,
    CourseFile,
    Exercise,
    ExerciseFile,
    make_stub,
    strict_yaml,
    write_zip,
)
from grader.quiz.files import Quiz, edition_texts, full_quizzes, write_edition

KEPT = ".git"  # of an earlier hand-out in the same place
MARK = "# The students' edition: no solutions, no hidden checks. `grader` knows it by `edition`.\n"
IGNORED = "__pycache__/\n*.egg-info/\n/build/\n.venv/\n.grader/\n.pytest_cache/\n/debug-*.npz\n"
WORKFLOW = """\
name: check
on: [push, pull_request]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: python -m pip install .
      - run: grader check --all
"""
README = """\
# {title}

You learn by writing: each exercise has a lesson, a file with functions to fill in, and checks that say in
about a second what is right, what is wrong, and where.

## Set up

With Python 3.11 or newer, in this folder:

```sh
python3 -m venv .venv
.venv/bin/python -m pip install .
```

Then, in every new terminal, `. .venv/bin/activate` (on Windows `.venv\\Scripts\\activate`).

## Work

| command | what it does |
|---|---|
| `grader login NAME` | says who you are, before the first check |
| `grader list` | the exercises, your credits, what to do next |
| `grader show {first}` | the lesson |
| `grader check {first}` | the verdict on what you wrote in `exercises/{first}/` |
| `grader watch` | checks again at every save |
| `grader hint {first}` | one more hint each time |
| `grader debug {first}` | the inputs of a failing check, to try in your own Python |
| `grader quiz` | the quizzes, if there are any |
| `grader credits` | what you earned, and what is still to earn |
| `grader reset {first}` | puts the stub back and keeps what you had |
| `grader submit` | bundles what you wrote and answered into one zip, to hand it in |

Checks ask the same questions every time here, and compare with answers that were recorded. When your work is
graded, other inputs are drawn, and more checks are run: they decide the credits that are counted as “more”.

| exercise | title | credits here | more |
|---|---|---|---|
{rows}
"""

SUFFIXES = (".py", ".css", ".html", ".js", ".json", ".typed")  # of its files; `py.typed` has one
INSTRUCTORS = (
    *("authoring/", "classroom/", "cli/quiz_grade.py"),
    *("reports/templates/class.html", "reports/templates/student.html"),
)
FACES = ("__init__.py", "reports/__init__.py")  # they reach for other rooms only when they are asked to
EXTRAS = ("plot", "review")  # what may be installed besides
PROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"
description = "{summary}"
requires-python = "{python}"
dependencies = [
{needed}]

[project.optional-dependencies]
{extras}
[project.scripts]
grader = "grader.__main__:main"

[tool.setuptools.packages.find]
include = ["grader*"]

[tool.setuptools.package-data]
grader = [
{data}]
"""
SETUP = """\
#!/usr/bin/env bash
# Runs once, when the archive is uploaded: installs the grader into an environment of its own.
set -euo pipefail
here="${AUTOGRADER:-/autograder}/source"
python3 -m venv "$here/.venv" || {
    apt-get update && apt-get install -y --no-install-recommends python3-venv
    python3 -m venv "$here/.venv"
}
"$here/.venv/bin/python" -m pip install --quiet "$here"
"""
RUN = """\
#!/usr/bin/env bash
# Runs for each submission, and leaves results.json whatever happens.
set -uo pipefail
root="${{AUTOGRADER:-/autograder}}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grader() {{ "$root/source/.venv/bin/grader" --course "$root/source/course" "$@"; }}
mkdir -p "$root/results"
grader grade "$root/submission" -o "$work" --no-quizzes --confinement best --jobs 1{exercises}
# 1 says that this cannot be graded, and the results say why.
[ $? -le 1 ] && grader export "$work" gradescope -o "$root/results/results.json" ||
    cat > "$root/results/results.json" <<'END'
{{"score": 0, "output": "The grader could not run. This is not your fault; tell your instructor."}}
END
"""


class CannotHandOut(Exception):
    """Nothing was written, since something was asked for that cannot be; the sentence says what."""


class Leaking(Exception):
    """Nothing was written, since the hand-out would tell answers.

    Args:
        leaks: where and what, a sentence each, with a few letters only.
    """

    def __init__(self, leaks: list[str]) -> None:
        super().__init__(f"{len(leaks)} leaks")
        self.leaks = leaks


@dataclass(frozen=True)
class Built:
    """What was written.

    Args:
        exercises: by id, each ``exercise.yaml`` as it went out, with the credits of visible checks.
        quizzes: those that went out.
        lines: that were looked through.
    """

    exercises: Mapping[str, ExerciseFile]
    quizzes: tuple[Quiz, ...]
    lines: int


def build_handout(
    course: Course,
    target: Path,
    secret: bytes,
    *,
    exercises: tuple[str, ...] = (),
    quizzes: tuple[str, ...] = (),
    archive: bool = False,
    on_progress: Callable[[str], None] = lambda exercise: None,
) -> Built:
    """Build a hand-out; the same course and secret give the same bytes.

    Args:
        target: its folder, which is made; an earlier hand-out there is replaced, but for its ``.git``.
        secret: that names options of quizzes whose key is kept.
        exercises: ids of those that go out; none means all.
        quizzes: ids of those that go out; none means all.
        archive: write a zip of the folder beside it as well.
        on_progress: is called with the id of the exercise that is recorded next, which takes some seconds.

    Raises:
        CannotHandOut: the target is taken, or what an exercise uses does not go out.
        Leaking: something in it would tell an answer.
        UnknownExercise: there is none of this id.
        CourseError: the course is broken.
    """
    require_full(course)
    chosen = _chosen(course, exercises)
    _require_free(course, target)
    known = full_quizzes(course)
    out = [quiz for quiz in known if not quizzes or quiz.id in quizzes]
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as beside:
        folder = Path(beside, target.name)
        files = {}
        for exercise in chosen:
            on_progress(exercise.id)
            files[exercise.id] = _write_exercise(course, exercise, folder, [one.id for one in chosen])
        _write_frame(course, folder, files)
        write_edition(out, secret, folder)
        texts = texts_of(folder)
        leaks = find_leaks(folder, texts, secrets_of(course), course.shown, known, secret.decode())
        if leaks:
            raise Leaking(leaks)
        if archive:
            packed = {f"{target.name}/{name}": data for name, data in folder_files(folder).items()}
            write_zip(packed, Path(beside, "zip"))
        if target.exists():  # it leaves with the temporary folder
            if (target / KEPT).exists():
                (target / KEPT).rename(folder / KEPT)
            target.rename(folder.with_name(f"{folder.name}.before"))
        folder.rename(target)
        if archive:
            Path(beside, "zip").replace(target.with_name(f"{target.name}.zip"))
    lines = sum(len(text.splitlines()) for path, text in texts.items() if path.name != FILE)
    return Built(files, tuple(out), lines)


def hand_out_quizzes(
    quizzes: list[Quiz], target: Path, secret: bytes, only: tuple[str, ...] = ()
) -> tuple[Quiz, ...]:
    """Write the quizzes of a hand-out that is there; return those that went out.

    Args:
        quizzes: all of the course: nothing of any key may lie in the folder.
        target: the hand-out's folder, or one that becomes it; all that is in it is looked through.
        secret: that names options of quizzes whose key is kept.
        only: ids of those to write; none means all.

    Raises:
        CannotHandOut: the quizzes themselves would be written over.
        Leaking: something in the folder would tell an answer; nothing is written.
        CourseError: a quiz cannot be written such that it reads the same.
    """
    if any(quiz.path.parent.resolve() == (target / "quizzes").resolve() for quiz in quizzes):
        raise CannotHandOut(f"{target} is the course itself; name another folder")
    out = [quiz for quiz in quizzes if not only or quiz.id in only]
    texts = texts_of(target) | edition_texts(out, secret, target)
    leaks = find_leaks(target, texts, quizzes=quizzes, course_secret=secret.decode())
    if leaks:
        raise Leaking(leaks)
    write_edition(out, secret, target)
    return tuple(out)


# --- where it goes ------------------------------------------------------------------------------------


def require_full(course: Course) -> None:
    """Require the full course.

    Raises:
        CannotHandOut: this is a hand-out.
    """
    if course.handout:
        raise CannotHandOut(f"{course.root} is a hand-out itself; go to the full course for this")


def _chosen(course: Course, ids: tuple[str, ...]) -> list[Exercise]:
    for name in ids:
        course[name]  # which says so if there is none of this id
    chosen = [course[name] for name in course.exercise_ids() if name in ids or not ids]
    for exercise in chosen:
        missing = [used.id for used in exercise.used if ids and used.id not in ids]
        if missing:
            raise CannotHandOut(f"{exercise.id} uses {', '.join(missing)}; hand out these as well")
    return chosen


def _require_free(course: Course, target: Path) -> None:
    if not target.parent.is_dir():
        raise CannotHandOut(f"there is no folder {target.parent} for {target.name}; make it first")
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise CannotHandOut(f"{target} is no folder; name another one")
    inside = any(target.resolve().is_relative_to(course.root / side) for side in ("exercises", "solutions"))
    taken = target.is_dir() and any(target.iterdir())
    if taken:
        with contextlib.suppress(CourseError):
            taken = strict_yaml.load(target / COURSE_FILE, CourseFile).edition != "handout"
    if inside or taken:
        raise CannotHandOut(f"{target} is no hand-out; name a folder that is new, empty or a hand-out")


# --- what is in it ------------------------------------------------------------------------------------


def _write_frame(course: Course, folder: Path, files: Mapping[str, ExerciseFile]) -> None:
    """Write all that is around the exercises: the course's file, what to read first, the program."""
    rows = [
        f"| [{name}](exercises/{name}/lesson.md) | {file.title} | {file.credits} | {file.more_credits} |"
        for name, file in files.items()
    ]
    first = next(iter(files), "exercise-1")
    keys = {"title": course.title, "salt": course.salt, "edition": "handout"}
    _write(folder / COURSE_FILE, MARK + _yaml(keys))
    _write(folder / "README.md", README.format(title=course.title, first=first, rows="\n".join(rows)))
    _write(folder / ".gitignore", IGNORED)
    _write(folder / ".github" / "workflows" / "check.yml", WORKFLOW)
    if (course.root / "LICENSE").is_file():
        _copy(course.root / "LICENSE", folder / "LICENSE")
    write_program(folder, full=False)


def _write_exercise(course: Course, exercise: Exercise, folder: Path, ids: list[str]) -> ExerciseFile:
    """Write one exercise and its recorded answers; return its ``exercise.yaml`` as it went out."""
    answers = record(exercise, seed_of(exercise, course.salt))
    given, recorded = folder / "exercises" / exercise.id, folder / "recorded" / exercise.id
    stub = make_stub(exercise)
    _write(given / exercise.stub_path.name, stub)
    _write(recorded / exercise.stub_path.name, stub)
    (recorded / FILE).write_bytes(answers.data)
    pictures = [path for path in sorted(exercise.folder.iterdir()) if path.suffix in PICTURES]
    plots = [plot_path(exercise)] if answers.plots else []
    for path in (exercise.lesson_path, exercise.visible_checks, *pictures, *plots):
        _copy(path, given / path.name)
    file = dataclasses.replace(
        exercise.file,
        credits=answers.credits,
        more_credits=exercise.file.credits - answers.credits,
        after=tuple(name for name in exercise.file.after if name in ids),
    )
    # What differs is written, all else is as the author wrote it.
    path = exercise.folder / "exercise.yaml"
    keys = yaml.safe_load(path.read_text(encoding="utf-8"))
    keys |= {"credits": file.credits, "more_credits": file.more_credits, "after": list(file.after)}
    _write(given / path.name, _yaml({name: value for name, value in keys.items() if value != []}))
    if strict_yaml.load(given / path.name, ExerciseFile) != file:
        raise CourseError(path, "reads otherwise once written; simplify its text")
    return file


def _yaml(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True, width=100)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _copy(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, path)
    except OSError as error:
        raise CourseError(source, f"cannot be read: {error.strerror}") from None


# --- this program, and what Gradescope gets ---------------------------------------------------------------


def write_program(folder: Path, *, full: bool) -> None:
    """Write this program's own source below a folder, where ``pip install`` finds it.

    Args:
        full: with what only instructors need.
    """
    package = Path(grader.__file__).parent
    paths = sorted(path for path in package.rglob("*") if path.suffix in SUFFIXES)
    names = [path.relative_to(package).as_posix() for path in paths]
    left_out = set() if full else _instructors_files(package, names)
    kept = [name for name in names if name not in left_out]
    for name in kept:
        target = folder / "grader" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, target)
    about = importlib.metadata.metadata("rnn-grader")
    needs = [need.partition("; extra == ") for need in importlib.metadata.requires("rnn-grader") or ()]
    extras = {name: [need for need, _, extra in needs if extra.strip("\"'") == name] for name in EXTRAS}
    text = PROJECT.format(
        name=about["Name"],
        version=grader.__version__,
        summary=about["Summary"],
        python=about["Requires-Python"],
        needed="".join(f'  "{need}",\n' for need, _, extra in needs if not extra),
        extras="".join(f'{name} = ["{", ".join(needed)}"]\n' for name, needed in extras.items() if needed),
        data="".join(f'  "{name}",\n' for name in kept if not name.endswith(".py")),
    )
    (folder / "pyproject.toml").write_text(text, encoding="utf-8", newline="\n")


def _instructors_files(package: Path, names: list[str]) -> set[str]:
    """Return the program's files that students do not get.

    These are INSTRUCTORS, whatever imports any of these, such as their commands, and what of ``reports`` and
    ``cli`` is then imported by nobody. What is imported only to check types does not count.
    """
    imported = {name: set(_imported(package, name)) for name in names if name.endswith(".py")}
    left_out = {name for name in names if name.startswith(INSTRUCTORS)}
    before = set[str]()
    while left_out != before:
        before = set(left_out)
        rest = {name: used for name, used in imported.items() if name not in left_out}
        left_out |= {name for name, used in rest.items() if used & left_out and name not in FACES}
        needed = set().union(*rest.values())
        served = set().union(*(imported.get(name, set()) for name in left_out))
        left_out |= {name for name in served - needed if name.startswith(("cli/", "reports/"))}
    return left_out


def _imported(package: Path, name: str) -> Iterator[str]:
    """Yield the program's files that one of them imports, by their names."""
    nodes: list[ast.AST] = [ast.parse((package / name).read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        nodes += ast.iter_child_nodes(node)
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for module in modules:
            path = module.removeprefix("grader.").replace(".", "/")
            if module.startswith("grader.") and (package / f"{path}.py").is_file():
                yield f"{path}.py"


def write_gradescope_archive(course: Course, exercises: list[Exercise], target: Path) -> None:
    """Write what Gradescope wants of a course: an archive that sets itself up and grades one submission.

    The same course gives the same bytes.

    Args:
        exercises: to be graded.
        target: the zip, which is replaced if it is there.

    Raises:
        OSError: it cannot be written.
    """
    ids = "".join(f" --exercise {exercise.id}" for exercise in exercises)
    scripts = {"run_autograder": RUN.format(exercises=ids), "setup.sh": SETUP}
    with tempfile.TemporaryDirectory() as beside:
        folder = Path(beside, "source")
        write_program(folder, full=True)
        for side in ("exercises", "solutions"):
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(course.root / side, folder / "course" / side, ignore=ignored)
        shutil.copyfile(course.root / COURSE_FILE, folder / "course" / COURSE_FILE)
        for name, text in scripts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        files = folder_files(folder)
    write_zip(files, target, executables=scripts)


def folder_files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by their names relative to it, in order."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
