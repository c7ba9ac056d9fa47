"""Packs this program with a course: for students without the instructors' rooms, for Gradescope whole."""

from __future__ import annotations

import ast
import importlib.metadata
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import grader
from grader.course import COURSE_FILE, Course, Exercise, write_zip

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
