"""What a browser gets besides pages: the program, the libraries it needs, and the course, in zips."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable
from pathlib import Path

import grader
from grader.course import Course, Exercise, strict_yaml, zipped
from grader.quiz.files import Quiz

ROOMS = ("sandbox", "course", "checks", "progress", "quiz", "reports", "site")
LIBRARIES = {
    "program": ("pyyaml", "markdown-it-py", "mdurl", "mdit-py-plugins", "latex2mathml"),
    "checks": ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "jinja2", "markupsafe"),
}
"""Libraries in Python alone, as they are installed here: what quizzes need, and what checks need besides."""
PYGMENTS = re.compile(
    r".*dist-info/.*"
    r"|pygments/(\w+|\w+/(__init__|_mapping|default)|lexers/(python|diff)|formatters/(terminal|html))\.py"
)
"""What pytest imports of Pygments, whose hundreds of languages are six times as large as all the rest."""
KEPT = (".py", ".txt", ".html", ".css", ".json")
LICENCE = ("LICEN", "COPYING", "NOTICE", "AUTHORS", "METADATA")
ORIGINALS = "originals"  # quizzes as they were handed out: their hash goes with the answers


def program_zip() -> bytes:
    """Return this program, but for what instructors and the command line need, and its libraries."""
    package = Path(grader.__file__).parent
    files = {}
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        if path.suffix in KEPT and (len(parts) == 1 or parts[0] in ROOMS) and "vendor" not in parts:
            files["/".join(("grader", *parts))] = path.read_bytes()
    return zipped(files | _libraries(LIBRARIES["program"]))


def checks_zip() -> bytes:
    """Return the libraries that checks need besides."""
    return zipped(_libraries(LIBRARIES["checks"]))


def _libraries(names: Iterable[str]) -> dict[str, bytes]:
    """Return the installed files of libraries, with their licences, but not what is compiled."""
    files = {}
    for name in names:
        for file in importlib.metadata.files(name) or ():
            licence = any(word in file.name.upper() for word in LICENCE)
            wanted = name != "pygments" or PYGMENTS.fullmatch(file.as_posix())
            if wanted and ".." not in file.parts and (file.suffix in KEPT or licence):
                files[file.as_posix()] = Path(str(file.locate())).read_bytes()
    return dict(sorted(files.items()))


def course_zip(course: Course, quizzes: Iterable[Quiz]) -> bytes:
    """Return the course without the files of its exercises, in JSON, which is read faster than YAML."""
    described = sorted((course.root / "exercises").glob("*/exercise.yaml"))
    files = {}
    for path in (course.root / "course.yaml", *described, *(quiz.path for quiz in quizzes)):
        files[path.relative_to(course.root).as_posix()] = strict_yaml.to_json(path).encode()
    files |= {f"{ORIGINALS}/{quiz.path.name}": quiz.path.read_bytes() for quiz in quizzes}
    return zipped(files)


def exercise_zip(exercise: Exercise) -> bytes:
    """Return what the checks of an exercise need: its stub, its checks and what is recorded."""
    files = {}
    for folder in (f"exercises/{exercise.id}", f"recorded/{exercise.id}"):
        for path in sorted((exercise.root / folder).iterdir()):
            if path.suffix in (".py", ".bin"):
                files[path.relative_to(exercise.root).as_posix()] = path.read_bytes()
            elif path.suffix == ".yaml" and folder.startswith("recorded"):
                files[path.relative_to(exercise.root).as_posix()] = strict_yaml.to_json(path).encode()
    return zipped(files)
