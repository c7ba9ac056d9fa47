"""Builds the students' edition of a course: no solution, no hidden check, no known mistake, no key.

It is built beside its place and looked through; it is put there only if nothing in it tells an answer.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import grader
from grader.authoring.leak_scan import find_lines, secrets_of, texts_of
from grader.authoring.quiz_leaks import find_leaks
from grader.authoring.recorder import record, seed_of
from grader.authoring.verify import PICTURES
from grader.checks.plots import plot_path
from grader.checks.recorded import FILE
from grader.course import COURSE_FILE, Course, CourseError, CourseFile, Exercise, ExerciseFile, strict_yaml
from grader.course.files import ALWAYS
from grader.course.stub import make_stub
from grader.quiz.edition import full_quizzes, write_edition
from grader.quiz.registry import Quiz

PACKAGE_FILES = (".py", ".css", ".json", ".typed")  # by suffix; `py.typed` has one
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
grader = ["py.typed", "reports/*.css", "reports/*.json", "reports/templates/*.html"]
"""
EXTRAS = ("plot", "review")  # what students may want besides
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
        credits: of the visible checks, by exercise.
        more: credits that hidden checks decide, by exercise.
        quizzes: those that went out.
        lines: that were looked through.
    """

    credits: Mapping[str, int]
    more: Mapping[str, int]
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
    heard: Callable[[str], None] | None = None,
) -> Built:
    """Build a hand-out; the same course and secret give the same bytes.

    Args:
        target: its folder, which is made; an earlier hand-out there is replaced, but for its ``.git``.
        secret: that names options of quizzes whose key is kept.
        exercises: ids of those that go out; none means all.
        quizzes: ids of those that go out; none means all.
        archive: write a zip of the folder beside it as well.
        heard: is told which exercise is being recorded, which takes some seconds each.

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
        built = _write_all(course, folder, chosen, heard)
        write_edition(out, secret, folder)
        texts = texts_of(folder)
        leaks = find_lines(folder, texts, secrets_of(course), course.shown)
        leaks += map(str, find_leaks(folder, known, secret.decode(), texts))
        if leaks:
            raise Leaking(list(dict.fromkeys(leaks)))
        if archive:
            write_zip(folder, Path(beside, "zip"), top=folder.parent)
        _put_in_place(folder, target)
        if archive:
            Path(beside, "zip").replace(target.with_name(f"{target.name}.zip"))
    lines = sum(len(text.splitlines()) for path, text in texts.items() if path.name != FILE)
    more = {one: file.more_credits for one, file in built.items()}
    return Built({one: file.credits for one, file in built.items()}, more, tuple(out), lines)


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
        course.exercise(name)  # which says so if there is none of this id
    chosen = [course.exercise(name) for name in course.exercise_ids() if name in ids or not ids]
    for one in chosen:
        missing = [used.id for used in one.used if ids and used.id not in ids]
        if missing:
            raise CannotHandOut(f"{one.id} uses {', '.join(missing)}; hand out these as well")
    return chosen


def _require_free(course: Course, target: Path) -> None:
    if not target.parent.is_dir():
        raise CannotHandOut(f"there is no folder {target.parent} for {target.name}; make it first")
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise CannotHandOut(f"{target} is no folder; name another one")
    inside = any(target.resolve().is_relative_to(course.root / one) for one in ("exercises", "solutions"))
    if inside or (target.is_dir() and any(target.iterdir()) and not _is_handout(target)):
        raise CannotHandOut(f"{target} is no hand-out; name a folder that is new, empty or a hand-out")


def _is_handout(folder: Path) -> bool:
    try:
        return strict_yaml.load(folder / COURSE_FILE, CourseFile).edition == "handout"
    except CourseError:
        return False


def _put_in_place(folder: Path, target: Path) -> None:
    """Put a finished folder where it belongs; an earlier one leaves with the temporary folder."""
    if target.exists():
        if (target / KEPT).exists():
            (target / KEPT).rename(folder / KEPT)
        target.rename(folder.with_name(f"{folder.name}.before"))
    folder.rename(target)


def write_zip(folder: Path, path: Path, top: Path) -> None:
    """Write a zip of a folder; the same files give the same bytes.

    Args:
        top: names in the zip are relative to this folder.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for one in sorted(one for one in folder.rglob("*") if one.is_file()):
            info = zipfile.ZipInfo(one.relative_to(top).as_posix(), ALWAYS)
            runs = one.stat().st_mode & stat.S_IXUSR
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | (0o755 if runs else 0o644)) << 16
            info.create_system = 3  # the one that Unix has, whoever writes
            archive.writestr(info, one.read_bytes())


# --- what is in it ------------------------------------------------------------------------------------


def _write_all(
    course: Course, folder: Path, exercises: list[Exercise], heard: Callable[[str], None] | None
) -> dict[str, ExerciseFile]:
    ids, files = [one.id for one in exercises], {}
    for one in exercises:
        if heard:
            heard(one.id)
        files[one.id] = _write_exercise(course, one, folder, ids)
    rows = [
        f"| [{one}](exercises/{one}/lesson.md) | {file.title} | {file.credits} | {file.more_credits} |"
        for one, file in files.items()
    ]
    first = ids[0] if ids else "exercise-1"
    marks = {"title": course.title, "salt": course.salt, "edition": "handout"}
    _write(folder / COURSE_FILE, MARK + _yaml(marks))
    _write(folder / "README.md", README.format(title=course.title, first=first, rows="\n".join(rows)))
    _write(folder / "pyproject.toml", project_text())
    _write(folder / ".gitignore", IGNORED)
    _write(folder / ".github" / "workflows" / "check.yml", WORKFLOW)
    if (course.root / "LICENSE").is_file():
        _copy(course.root / "LICENSE", folder / "LICENSE")
    write_program(folder)
    return files


def write_program(folder: Path) -> None:
    """Write this program's own source below a folder, where ``pip install`` finds it."""
    package = Path(grader.__file__).parent
    for path in sorted(package.rglob("*")):
        if path.suffix in PACKAGE_FILES:
            _copy(path, folder / "grader" / path.relative_to(package))


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
        after=tuple(one for one in exercise.file.after if one in ids),
    )
    _write_exercise_file(exercise, file, given / "exercise.yaml")
    return file


def _write_exercise_file(exercise: Exercise, file: ExerciseFile, path: Path) -> None:
    """Write ``exercise.yaml`` with what differs; all else is as the author wrote it."""
    keys = yaml.safe_load((exercise.folder / path.name).read_text(encoding="utf-8"))
    keys |= {"credits": file.credits, "more_credits": file.more_credits, "after": list(file.after)}
    _write(path, _yaml({name: value for name, value in keys.items() if value != []}))
    if strict_yaml.load(path, ExerciseFile) != file:
        raise CourseError(exercise.folder / path.name, "reads otherwise once written; simplify its text")


def project_text() -> str:
    """Return the ``pyproject.toml`` of a hand-out: this program's own, without what tests it."""
    about = importlib.metadata.metadata("rnn-grader")
    needs = [one.partition("; extra == ") for one in importlib.metadata.requires("rnn-grader") or ()]
    extras = {name: [need for need, _, extra in needs if extra.strip("\"'") == name] for name in EXTRAS}
    return PROJECT.format(
        name=about["Name"],
        version=grader.__version__,
        summary=about["Summary"],
        python=about["Requires-Python"],
        needed="".join(f'  "{need}",\n' for need, _, extra in needs if not extra),
        extras="".join(f'{name} = ["{", ".join(needed)}"]\n' for name, needed in extras.items() if needed),
    )


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
