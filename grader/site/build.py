"""Writes a hand-out as a static website, and looks through it for answers."""

from __future__ import annotations

import html
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from grader.authoring.leaks import find_leaks, secrets_of, texts_of
from grader.course import CannotDo, Course, write_atomic
from grader.quiz.files import Quiz, all_quizzes
from grader.reports.html import style_sheet
from grader.site.browser import Desk
from grader.site.pages import POLICY, Pages
from grader.site.runtime import CDN, CORE, HOSTED, WHEELS, file_entry, hosted_files, runtime_manifest
from grader.site.shipped import checks_zip, course_zip, exercise_zip, program_zip

MARKER = "rnn-grader-site.txt"
MARK = "What `grader site` has written here, and replaces or deletes when it writes anew:"
SHIPPED = ("exercises", "quizzes", "recorded")  # what a browser gets of a hand-out, besides course.yaml
FOLDER = Path(__file__).parent
NO_CODE = re.compile(r"<math.*?</math>|<[^>]*>", re.DOTALL)  # a formula is not a line of a program


class CannotWriteSite(CannotDo):
    """Nothing was written, since something was asked for that cannot be; the sentence says what."""


class Leaking(Exception):
    """The site would tell answers; nothing was written.

    Args:
        leaks: where, one a line.
    """

    def __init__(self, leaks: list[str]) -> None:
        super().__init__(f"{len(leaks)} places tell answers")
        self.leaks = leaks


@dataclass(frozen=True)
class Built:
    """What was written.

    Args:
        files: sizes in bytes, by name.
        looked_for: how many lines of solutions and hidden checks were looked for.
    """

    files: Mapping[str, int]
    looked_for: int


def build_site(handout: Course, target: Path, full: Course | None = None, runtime: str = "cdn") -> Built:
    """Write the website of a hand-out into a folder: a new or empty one, or one that was written so before.

    Args:
        full: the course that was handed out, if it is at hand; then its solutions, hidden checks and keys
            are looked for in all that is written.
        runtime: where Pyodide comes from; see :func:`grader.site.runtime.hosted_files`.

    Raises:
        CannotWriteSite: the hand-out is not one, or the folder holds something else.
        NoRuntime: Pyodide cannot be had as it was asked for.
        Leaking: an answer stands in it.
        CourseError: the hand-out cannot be read.
        OSError: a file cannot be written.
    """
    _require_handout(handout)
    earlier = _require_free(handout, target)
    hosted = hosted_files(runtime)
    paths = [*FOLDER.glob("scripts/*.js"), *FOLDER.glob("vendor/codemirror.*")]
    scripts = {f"scripts/{path.name}": path.read_bytes() for path in paths}
    frame = str(file_entry("", "", scripts["scripts/frame.js"])["integrity"])
    others = "" if {*CORE, *WHEELS} <= hosted.keys() else f" {CDN}"
    pages = Pages(
        handout, handout.exercises(), all_quizzes(handout), POLICY.format(frame=frame, others=others)
    )
    made = pages.lessons()
    for quiz in pages.quizzes:
        made[f"quiz-{quiz.id}.html"] = pages.quiz(quiz)
    made["index.html"] = pages.start()
    shipped = course_zip(handout, pages.quizzes)
    made |= _first_questions(shipped, pages.quizzes)
    made["site.css"] = site_style()
    files = {name: page.encode() for name, page in made.items()}
    files |= {name: path.read_bytes() for name, path in pages.pictures.items()}
    files |= scripts | {f"{HOSTED}/{name}": data for name, data in hosted.items()}
    files |= _archives(shipped, pages, {**runtime_manifest(hosted), "frame": frame})
    looked_for = _require_no_leak(handout, made, full)
    _write(target, files, earlier)
    return Built({name: len(data) for name, data in files.items()}, looked_for)


def site_style() -> str:
    """Return the style sheet of all pages."""
    own = (FOLDER / "site.css").read_text(encoding="utf-8")
    return "\n".join((style_sheet("page"), style_sheet("lesson"), own))


def _first_questions(course: bytes, quizzes: list[Quiz]) -> dict[str, str]:
    """Return what those without a name are asked first in each quiz: a page shows it while Python starts."""
    with tempfile.TemporaryDirectory() as name:
        zipfile.ZipFile(io.BytesIO(course)).extractall(name)
        desk = Desk(Path(name))
        asked = {quiz.id: json.loads(desk.act("open", json.dumps({"quiz": quiz.id}))) for quiz in quizzes}
    return {f"quiz-{quiz}.json": json.dumps(told["result"]) for quiz, told in asked.items()}


def _archives(course: bytes, pages: Pages, manifest: dict[str, object]) -> dict[str, bytes]:
    """Return the zips that a browser gets, and what tells a page where they and Pyodide are."""
    zips = {"program": program_zip(), "files": course, "checks": checks_zip()}
    zips |= {exercise.id: exercise_zip(exercise) for exercise in pages.exercises}
    files: dict[str, bytes] = {}
    for what, data in zips.items():
        entry = file_entry(f"{what}.zip", "", data)
        name = entry["url"] = f"{what}-{sha256(data).hexdigest()[:8]}.zip"  # no stale one is taken for it
        files[name], manifest[what] = data, entry
    manifest["course"] = pages.course.salt
    return {**files, "runtime.json": json.dumps(manifest, indent=1).encode()}


def _require_handout(course: Course) -> None:
    """Refuse the full course, and a hand-out into which something of the instructor's was put."""
    if not course.handout:
        cure = "build the students' edition first, with `grader handout`, and name that"
        raise CannotWriteSite(f"{course.root} is the full course, with solutions and keys; {cure}")
    files = (path for path in course.root.rglob("*") if path.is_file() and ".git" not in path.parts)
    named = find_leaks(course.root, dict.fromkeys(files, ""))
    named += [f"quizzes/{quiz.id}.yaml: is graded, and holds its key" for quiz in _keyed(course)]
    if named:
        problem = "; ".join(named[:3]) + (f"; and {len(named) - 3} more" if named[3:] else "")
        raise CannotWriteSite(f"{course.root} is no clean hand-out ({problem}); build it anew")


def _keyed(course: Course) -> list[Quiz]:
    return [quiz for quiz in all_quizzes(course) if quiz.key and quiz.key.mode != "practice"]


def _require_free(course: Course, target: Path) -> list[str]:
    """Return the names of the files that were written into a folder before; refuse one of anybody else's."""
    inside = target.resolve()
    if course.root == inside or course.root in inside.parents or inside in course.root.parents:
        raise CannotWriteSite(f"{target} lies in the hand-out, or around it; name a folder beside it")
    if target.exists() and not target.is_dir():
        raise CannotWriteSite(f"{target} is a file; name a folder")
    there = sorted(path.name for path in target.iterdir()) if target.is_dir() else []
    if there and MARKER not in there:
        problem = f"{target} holds {there[0]} and is no website of this program; name an empty folder"
        raise CannotWriteSite(problem)
    if not there:
        return []
    lines = (target / MARKER).read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    return [name for name in lines if _is_inside(target, name)]


def _is_inside(target: Path, name: str) -> bool:
    """Whether a name from the marker is that of a file below the folder, and no link leads out of it."""
    path = target / name
    return bool(name) and path.is_file() and path.resolve().is_relative_to(target.resolve())


def _require_no_leak(handout: Course, made: Mapping[str, str], full: Course | None) -> int:
    """Look through all that is written; return for how many lines."""
    if full is None:
        return 0
    secrets, quizzes = secrets_of(full), all_quizzes(full)
    texts = {handout.root / name: _plain(text) for name, text in made.items()}
    # What students see on purpose stands in a lesson or a quiz, and here on another page.
    lines = tuple(line for lines in full.shown.values() for line in lines)
    shown = {**dict.fromkeys(made, lines), **full.shown}
    for part in SHIPPED:
        texts |= texts_of(handout.root / part)
    if leaks := find_leaks(handout.root, texts, secrets, shown, quizzes):
        raise Leaking(leaks)
    return len(secrets.texts)


def _plain(page: str) -> str:
    """Return the words of a page."""
    return html.unescape(NO_CODE.sub("", page))


def _write(target: Path, files: Mapping[str, bytes], earlier: list[str]) -> None:
    """Write the files; what an earlier site had and this one has not is deleted, and nothing else."""
    if taken := sorted(name for name in files if name not in earlier and (target / name).exists()):
        problem = f"{target / taken[0]} is there and was not written by this program; move it away"
        raise CannotWriteSite(problem)
    target.mkdir(parents=True, exist_ok=True)
    names = "".join(f"{name}\n" for name in sorted(files))
    write_atomic(target / MARKER, f"{MARK}\n{names}")
    for name, data in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target / name, data)
    for name in earlier:
        if name not in files:
            (target / name).unlink()
