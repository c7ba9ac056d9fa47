"""Builds the students' edition of a course: no solution, no hidden check, no known mistake, no key.

It is built beside its place and looked through; it is put there only if nothing in it tells an answer. This
program goes with it, without the instructors' rooms; in a wheel it goes into the program. Gradescope gets the
course and the program whole.
"""

import contextlib
import dataclasses
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import grader
from grader.authoring import leaks, recorder, verify
from grader.checks.plots import plot_path
from grader.checks.recorded import FILE
from grader.course import (
    COURSE_FILE,
    Assignment,
    CannotDo,
    Course,
    CourseError,
    CourseFile,
    Exercise,
    ExerciseFile,
    People,
    make_stub,
    strict_yaml,
    zipped,
)
from grader.quiz.files import Quiz, all_quizzes, edition_text, write_edition

YAML: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 100}
TEMPLATES = Path(__file__).parent / "templates"
KEPT = ".git"  # of an earlier hand-out in the same place
MARK = "# The students' edition: no solutions, no hidden checks. `grader` knows it by `edition`.\n"
BINARY = (".bin", ".png")  # all other files are text, and have the same line ends whoever builds a hand-out

SUFFIXES = (".py", ".css", ".html", ".js", ".json", ".typed")  # of this program's files; `py.typed` has one
INSTRUCTORS = (
    *("authoring/", "classroom/", "site/"),
    *("reports/classes.py", "reports/tables.py"),
    *("reports/templates/class.html", "reports/templates/student.html"),
)
"""The program's files that students do not get; nor do they get what imports one of the first two rooms."""
USES_THEM = re.compile(r"^from grader\.(authoring|classroom|site)\b", re.MULTILINE)
PACKAGE = "rnn_course"  # of a wheel: the students' edition, which `grader init` copies
ABOUT = ("pyproject.toml", "README.md", "LICENSE")  # the files of a clone that make a wheel of it


@dataclass(frozen=True)
class Built:
    """What was written: each ``exercise.yaml`` as it went out, quizzes, and how many lines were searched."""

    exercises: Mapping[str, ExerciseFile]
    quizzes: tuple[Quiz, ...]
    lines: int


def build_handout(
    course: Course,
    target: Path,  # its folder, which is made; an earlier hand-out there is replaced, but for its ``.git``
    secret: bytes,  # that names options of quizzes whose key is kept
    *,
    exercises: tuple[str, ...] = (),  # ids of those that go out; none means all
    quizzes: tuple[str, ...] = (),  # ids of those that go out; none means all, unless there is an assignment
    # whose these are; what students may know of it goes into their ``course.yaml``
    assignment: Assignment | None = None,
    archive: bool = False,  # write a zip of the folder beside it as well
    program: bool = True,  # it holds this program, as whoever installs the folder needs it
    # is called with the id of the exercise that is recorded next, which takes some seconds
    on_progress: Callable[[str], None] = lambda exercise: None,
) -> Built:
    """Build a hand-out; the same course and secret give the same bytes.

    CannotDo says that the target is taken, that an exercise is unknown, or that what one uses does not go
    out; Leaking, that something in it would tell an answer. Or CourseError.
    """
    require_full(course)
    ids = {exercise.id for exercise in course.exercises(exercises)}
    chosen = [course[name] for name in course.exercise_ids() if name in ids]
    for exercise in chosen:
        if missing := [used.id for used in exercise.used if used.id not in ids]:
            raise CannotDo(f"{exercise.id} uses {', '.join(missing)}; hand out these as well")
    _require_free(course, target)
    known, secrets = all_quizzes(course), leaks.secrets_of(course)
    out = tuple(quiz for quiz in known if quiz.id in quizzes or not (quizzes or assignment))
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as beside:
        folder = Path(beside, target.name)
        files = {}
        for exercise in chosen:
            on_progress(exercise.id)
            files[exercise.id] = _write_exercise(course, exercise, folder, ids)
        _write_frame(course, folder, files, assignment, program)
        if program:
            _write_program(folder, full=False)
        write_edition(list(out), secret, folder)
        texts = leaks.texts_of(folder)
        if found := leaks.find_leaks(folder, texts, secrets, course.shown, known, secret.decode()):
            raise leaks.Leaking(*found)
        if archive:
            packed = {f"{target.name}/{name}": data for name, data in _files(folder).items()}
            Path(beside, "zip").write_bytes(zipped(packed))
        if target.exists():  # it leaves with the temporary folder
            if (target / KEPT).exists():
                (target / KEPT).rename(folder / KEPT)
            target.rename(folder.with_name(f"{folder.name}.before"))
        folder.rename(target)
        if archive:
            Path(beside, "zip").replace(target.with_name(f"{target.name}.zip"))
    return Built(files, out, sum(len(text.splitlines()) for path, text in texts.items() if path.name != FILE))


def hand_out_quizzes(
    quizzes: list[Quiz],
    target: Path,
    secret: bytes,
    only: tuple[str, ...] = (),
    people: People = leaks.NO_PEOPLE,
) -> tuple[Quiz, ...]:
    """Write quizzes of a hand-out that is there, all or ``only`` some, and return them; nothing if it tells.

    All that is in its folder is looked through, for any key of the course and for people of the class. Raises
    what :func:`build_handout` does.
    """
    if any(quiz.path.parent.resolve() == (target / "quizzes").resolve() for quiz in quizzes):
        raise CannotDo(f"{target} is the course itself; name another folder")
    out = [quiz for quiz in quizzes if not only or quiz.id in only]
    texts, secrets = leaks.texts_of(target), leaks.Secrets(people=people)
    texts |= {target / "quizzes" / quiz.path.name: edition_text(quiz, secret) for quiz in out}
    if found := leaks.find_leaks(target, texts, secrets, quizzes=quizzes, course_secret=secret.decode()):
        raise leaks.Leaking(*found)
    write_edition(out, secret, target)
    return tuple(out)


def require_full(course: Course) -> None:
    """Raise CannotDo if this is a hand-out itself."""
    if course.handout:
        raise CannotDo(f"{course.root} is a hand-out itself; go to the full course for this")


def _require_free(course: Course, target: Path) -> None:
    if not target.parent.is_dir():
        raise CannotDo(f"there is no folder {target.parent} for {target.name}; make it first")
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise CannotDo(f"{target} is no folder; name another one")
    inside = any(target.resolve().is_relative_to(course.root / side) for side in ("exercises", "solutions"))
    taken = target.is_dir() and any(target.iterdir())
    if taken:
        with contextlib.suppress(CourseError):
            taken = strict_yaml.load(target / COURSE_FILE, CourseFile).edition != "handout"
    if inside or taken:
        raise CannotDo(f"{target} is no hand-out; name a folder that is new, empty or a hand-out")


# --- what is in it ------------------------------------------------------------------------------------


def _write_frame(
    course: Course,
    folder: Path,
    files: Mapping[str, ExerciseFile],
    assignment: Assignment | None,
    program: bool,
) -> None:
    """Write all that is around the exercises: the course's file, what to read first, an editor's settings."""
    rows = "\n".join(
        f"| [{name}](exercises/{name}/lesson.md) | {file.title} | {file.credits} | {file.more_credits} |"
        for name, file in files.items()
    )
    readme = (TEMPLATES / ("README.md" if program else "course.md")).read_text(encoding="utf-8")
    first = next(iter(files), "exercise-1")
    _write(folder / "README.md", readme.format(title=course.title, first=first, rows=rows))
    keys: dict[str, Any] = {"title": course.title, "salt": course.salt, "edition": "handout"}
    keys |= {"login_id": course.login_id} if course.login_id else {}
    if assignment:
        told = {name: getattr(assignment, name) for name in "id title exercises quizzes deadline".split()}
        listed = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
        keys["assignments"] = [{name: value for name, value in listed.items() if value}]
    _write(folder / COURSE_FILE, MARK + yaml.safe_dump(keys, **YAML))
    for name in ("gitignore", "gitattributes"):
        _copy(TEMPLATES / name, folder / f".{name}")
    for name in ("settings.json", "extensions.json", "tasks.json"):
        _copy(TEMPLATES / name, folder / ".vscode" / name)
    _copy(TEMPLATES / "devcontainer.json", folder / ".devcontainer" / "devcontainer.json")
    if program:
        _write(folder / "requirements.txt", ".\n")
        _copy(TEMPLATES / "check.yml", folder / ".github" / "workflows" / "check.yml")
    for page in (course.root / "quizzes").glob("*.md"):
        _copy(page, folder / "quizzes" / page.name)
    if (course.root / "LICENSE").is_file():
        _copy(course.root / "LICENSE", folder / "LICENSE")


def _write_exercise(course: Course, exercise: Exercise, folder: Path, ids: set[str]) -> ExerciseFile:
    """Write one exercise and its recorded answers; return its ``exercise.yaml`` as it went out."""
    answers = recorder.record(exercise, recorder.seed_of(exercise, course.salt))
    if not answers.credits:
        raise CourseError(exercise.visible_checks, "has no check with credits; a hand-out needs one")
    given, recorded = folder / "exercises" / exercise.id, folder / "recorded" / exercise.id
    for side in (given, recorded):
        _write(side / exercise.stub_path.name, make_stub(exercise))
    (recorded / FILE).write_bytes(answers.data)
    material = [path for path in sorted(exercise.folder.iterdir()) if verify.is_material(exercise, path)]
    plots = [plot_path(exercise)] if answers.plots else []
    for path in (exercise.lesson_path, exercise.visible_checks, *material, *plots):
        _copy(path, given / path.name)
    for path in exercise.solution_folder.glob("ranges.yaml"):
        _copy(path, recorded / path.name)
    file = dataclasses.replace(
        exercise.file,
        credits=answers.credits,
        more_credits=exercise.file.credits - answers.credits,
        after=tuple(name for name in exercise.file.after if name in ids),
    )
    # What differs is written, all else is as the author wrote it.
    path = exercise.folder / "exercise.yaml"
    keys = yaml.safe_load(strict_yaml.read_text(path))
    keys |= {"credits": file.credits, "more_credits": file.more_credits, "after": list(file.after)}
    kept = {name: value for name, value in keys.items() if value != []}
    _write(given / path.name, yaml.safe_dump(kept, **YAML))
    if strict_yaml.load(given / path.name, ExerciseFile) != file:
        raise CourseError(path, "reads otherwise once written; simplify its text")
    return file


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _copy(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = strict_yaml.read_bytes(source)
    path.write_bytes(data if source.suffix in BINARY else data.replace(b"\r\n", b"\n"))


def _files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by their names relative to it, in order."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


# --- this program, and what Gradescope gets -----------------------------------------------------------


def _write_program(folder: Path, *, full: bool) -> None:
    """Write this program's source below a folder, where pip finds it; in full, with what instructors need."""
    package = Path(grader.__file__).parent
    kept = []
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        if path.suffix not in SUFFIXES and path.parent != TEMPLATES:
            continue
        if full or not (name.startswith(INSTRUCTORS) or USES_THEM.search(path.read_text(encoding="utf-8"))):
            _copy(path, folder / "grader" / name)
            kept.append(name)
    about = importlib.metadata.metadata("rnn-grader")
    needs = [need for need in importlib.metadata.requires("rnn-grader") or () if "extra ==" not in need]
    project = (TEMPLATES / "project.toml").read_text(encoding="utf-8")
    text = project.format(
        name=about["Name"],
        version=grader.__version__,
        summary=about["Summary"],
        python=about["Requires-Python"],
        needed="".join(f'  "{need}",\n' for need in needs),
        data="".join(f'  "{name}",\n' for name in kept if not name.endswith(".py")),
    )
    _write(folder / "pyproject.toml", text)


def write_gradescope_archive(
    course: Course, exercises: list[Exercise], target: Path, assignment: Assignment | None = None
) -> None:
    """Write the zip that Gradescope sets up and grades one submission with; or OSError.

    The same course gives the same bytes. Of an assignment, its deadline counts.
    """
    with tempfile.TemporaryDirectory() as beside:
        folder = Path(beside, "source")
        _write_program(folder, full=True)
        for side in ("exercises", "solutions"):
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(course.root / side, folder / "course" / side, ignore=ignored)
        _copy(course.root / COURSE_FILE, folder / "course" / COURSE_FILE)
        ids = " ".join(f"--exercise {exercise.id}" for exercise in exercises)
        ids = f"--assignment {assignment.id}" if assignment else ids
        run = (TEMPLATES / "run_autograder").read_text(encoding="utf-8")
        _write(folder / "run_autograder", run.replace("EXERCISES", ids))
        for name in ("setup.sh", "uv.txt"):
            _copy(TEMPLATES / name, folder / name)
        files = _files(folder)
    target.write_bytes(zipped(files, executables=("setup.sh", "run_autograder")))


def write_wheel(course: Course, target: Path, secret: bytes, **chosen: Any) -> tuple[Built, Path]:
    """Build the wheel that students begin with: the program whole, and their edition of the course in it.

    Its folder is made. What goes out is chosen as by :func:`build_handout`; the same course and secret give
    the same bytes. CannotDo says that this is no clone of the project, or that no wheel comes out of it.
    """
    if missing := [name for name in ABOUT if not (course.root / name).is_file()]:
        raise CannotDo(f"{course.root} has no {missing[0]}; a wheel is built in a clone of the project")
    with tempfile.TemporaryDirectory() as beside:
        folder = Path(beside, "source")
        _write_program(folder, full=True)
        for name in ABOUT:
            _copy(course.root / name, folder / name)
        built = build_handout(course, folder / PACKAGE, secret, program=False, **chosen)
        _write(folder / PACKAGE / "__init__.py", '"""The students\' edition of the course; no code."""\n')
        build = [sys.executable, *"-m pip wheel --quiet --no-deps --wheel-dir".split(), beside, str(folder)]
        dated = os.environ | {"SOURCE_DATE_EPOCH": "315532800"}  # 1980, the earliest that a zip can hold
        ran = subprocess.run(build, capture_output=True, text=True, env=dated, check=False)
        if ran.returncode:
            *_, reason = ["it gives no reason", *filter(str.strip, ran.stderr.splitlines())]
            raise CannotDo(f"pip builds no wheel here: {reason}")
        (wheel,) = Path(beside).glob("*.whl")
        target.mkdir(parents=True, exist_ok=True)
        return built, Path(shutil.copyfile(wheel, target / wheel.name))
