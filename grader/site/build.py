"""Writes a hand-out as a static website, in HTML that needs no script, and looks through it for answers."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import ChoiceLoader, PackageLoader
from markupsafe import Markup

from grader.authoring.leaks import Leaking, find_leaks, secrets_of, texts_of
from grader.course import CannotDo, Course, make_stub, write_atomic, zipped
from grader.quiz import Question, Quiz, all_quizzes, make_variant
from grader.reports.html import TEXT_LIMITS, environment, style_sheet
from grader.reports.lesson import IMAGES, MAX_IMAGE, python_html, read_lesson
from grader.site import shipped
from grader.site.browser import Desk, question_parts

MARKER = "rnn-grader-site.txt"
MARK = "What `grader site` has written here, and replaces or deletes when it writes anew:"
SHIPPED = ("exercises", "quizzes", "recorded")  # what a browser gets of a hand-out, besides course.yaml
FOLDER = Path(__file__).parent
NO_CODE = re.compile(r"<math.*?</math>|<[^>]*>", re.DOTALL)  # a formula is not a line of a program
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
    "frame-src 'none'; worker-src blob:; script-src 'self' '{frame}' 'wasm-unsafe-eval'; "
    "connect-src 'self'{others}"
)
"""Of every page: scripts of the site's own files only, but for the one in the frame, which its hash names. A
frame without an address is let through all the same, and one with an address never is."""
READER = "reader"  # whose numbers the questions show to those without a script


class Built(NamedTuple):
    """What was written."""

    files: Mapping[str, int]  # sizes in bytes, by name
    looked_for: int  # how many lines of solutions and hidden checks were looked for


def build_site(handout: Course, target: Path, full: Course | None = None, runtime: str = "cdn") -> Built:
    """Write the website of a hand-out into a folder: a new or empty one, or one that was written so before.

    If the ``full`` course that was handed out is at hand, its solutions, hidden checks and keys are looked
    for in all that is written; :func:`grader.site.shipped.hosted_files` says where Pyodide comes from.

    Raises:
        CannotDo: the hand-out is not one, the folder holds something else, or there is no such Pyodide.
        Leaking: an answer stands in it.
        CourseError, OSError: the hand-out cannot be read, or a file not written.
    """
    _require_handout(handout)
    earlier = _require_free(handout, target)
    hosted = shipped.hosted_files(runtime)
    paths = [*FOLDER.glob("scripts/*.js"), *FOLDER.glob("vendor/codemirror.*")]
    scripts = {f"scripts/{path.name}": path.read_bytes() for path in paths}
    frame = str(shipped.file_entry("", "", scripts["scripts/frame.js"])["integrity"])
    others = "" if {*shipped.CORE, *shipped.WHEELS} <= hosted.keys() else f" {shipped.CDN}"
    pages = Pages(handout, POLICY.format(frame=frame, others=others))
    course = shipped.course_zip(handout, pages.quizzes)
    made = pages.all()
    with tempfile.TemporaryDirectory() as name:  # what those without a name are asked first in each quiz
        zipfile.ZipFile(io.BytesIO(course)).extractall(name)
        desk = Desk(Path(name))
        for quiz in pages.quizzes:  # which a page shows while Python starts
            told = json.loads(desk.act("open", json.dumps({"quiz": quiz.id})))
            made[f"quiz-{quiz.id}.json"] = json.dumps(told["result"])
    files = {name: page.encode() for name, page in made.items()}
    files |= {name: path.read_bytes() for name, path in pages.pictures.items()}
    files |= scripts | {f"{shipped.HOSTED}/{name}": data for name, data in hosted.items()}
    manifest = {**shipped.runtime_manifest(hosted), "frame": frame}
    zips = {"program": shipped.program_zip(), "files": course, "checks": zipped(shipped.libraries("checks"))}
    zips |= {exercise.id: shipped.exercise_zip(exercise) for exercise in pages.exercises}
    for what, data in zips.items():
        entry = shipped.file_entry(f"{what}.zip", "", data)
        name = entry["url"] = f"{what}-{hashlib.sha256(data).hexdigest()[:8]}.zip"  # no stale one is taken
        files[name], manifest[what] = data, entry
    manifest["course"] = handout.salt
    files["runtime.json"] = json.dumps(manifest, indent=1).encode()
    looked_for = _require_no_leak(handout, made, full)
    _write(target, files, earlier)
    return Built({name: len(data) for name, data in files.items()}, looked_for)


def _require_handout(course: Course) -> None:
    """Refuse the full course, and a hand-out into which something of the instructor's was put."""
    if not course.handout:
        cure = "build the students' edition first, with `grader handout`, and name that"
        raise CannotDo(f"{course.root} is the full course, with solutions and keys; {cure}")
    files = (path for path in course.root.rglob("*") if path.is_file() and ".git" not in path.parts)
    named = find_leaks(course.root, dict.fromkeys(files, ""))
    keyed = (quiz.id for quiz in all_quizzes(course) if quiz.key and quiz.key.mode != "practice")
    named += [f"quizzes/{quiz}.yaml: is graded, and holds its key" for quiz in keyed]
    if named:
        problem = "; ".join(named[:3]) + (f"; and {len(named) - 3} more" if named[3:] else "")
        raise CannotDo(f"{course.root} is no clean hand-out ({problem}); build it anew")


def _require_free(course: Course, target: Path) -> list[str]:
    """Return the names of the files that were written into a folder before; refuse one of anybody else's."""
    inside = target.resolve()
    if course.root == inside or course.root in inside.parents or inside in course.root.parents:
        raise CannotDo(f"{target} lies in the hand-out, or around it; name a folder beside it")
    if target.exists() and not target.is_dir():
        raise CannotDo(f"{target} is a file; name a folder")
    there = sorted(path.name for path in target.iterdir()) if target.is_dir() else []
    if there and MARKER not in there:
        raise CannotDo(f"{target} holds {there[0]} and is no website of this program; name an empty folder")
    if not there:
        return []
    lines = (target / MARKER).read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    paths = ((name, target / name) for name in lines if name)
    # No name of the marker, and no link, leads out of the folder.
    return [name for name, path in paths if path.is_file() and path.resolve().is_relative_to(inside)]


def _require_no_leak(handout: Course, made: Mapping[str, str], full: Course | None) -> int:
    """Look through all that is written; return for how many lines."""
    if full is None:
        return 0
    secrets, quizzes = secrets_of(full), all_quizzes(full)
    texts = {handout.root / name: html.unescape(NO_CODE.sub("", text)) for name, text in made.items()}
    # What students see on purpose stands in a lesson or a quiz, and here on another page.
    lines = tuple(line for lines in full.shown.values() for line in lines)
    shown = {**dict.fromkeys(made, lines), **full.shown}
    for part in SHIPPED:
        texts |= texts_of(handout.root / part)
    if leaks := find_leaks(handout.root, texts, secrets, shown, quizzes):
        raise Leaking(*leaks)
    return len(secrets.texts)


def _write(target: Path, files: Mapping[str, bytes], earlier: list[str]) -> None:
    """Write the files; what an earlier site had and this one has not is deleted, and nothing else."""
    if taken := sorted(name for name in files if name not in earlier and (target / name).exists()):
        raise CannotDo(f"{target / taken[0]} is there and was not written by this program; move it away")
    target.mkdir(parents=True, exist_ok=True)
    names = "".join(f"{name}\n" for name in sorted(files))
    write_atomic(target / MARKER, f"{MARK}\n{names}")
    for name, data in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target / name, data)
    for name in earlier:
        if name not in files:
            (target / name).unlink()


# --- pages --------------------------------------------------------------------------------------------


class Pages:
    """Makes the pages of one course, a hand-out, under one Content-Security-Policy."""

    def __init__(self, course: Course, policy: str) -> None:
        self._course, self._policy = course, policy
        loader = ChoiceLoader([PackageLoader("grader.site"), PackageLoader("grader.reports")])
        self._templates = environment(TEXT_LIMITS[0]).overlay(loader=loader)
        self.exercises, self.quizzes = course.exercises(), all_quizzes(course)
        self.pictures: dict[str, Path] = {}  # of lessons made so far, by the name that their pages ask for
        lone = sorted((course.root / "quizzes").glob("*.md"))  # beside the quizzes, such as the FAQ
        self._lone = {path.stem: read_lesson(path, self._address) for path in lone}

    def all(self) -> dict[str, str]:
        """Return each page, and the style sheet, by its name."""
        start = self._render("start.html", exercises=self.exercises, quizzes=self.quizzes)
        style = (FOLDER / "site.css").read_text(encoding="utf-8")
        style = f"{style_sheet('page')}\n{style_sheet('lesson')}\n{style}"
        made = {"index.html": start, "site.css": style}
        row = [None, *self.exercises, None]
        for before, exercise, after in zip(row, self.exercises, row[2:], strict=False):
            around = {"before": before, "after": after, "exercise": exercise, "stub": make_stub(exercise)}
            lesson = read_lesson(exercise.lesson_path, self._address)
            made[f"{exercise.id}.html"] = self._render("lesson.html", lesson=lesson, **around)
        around = dict.fromkeys(("exercise", "before", "after"))
        for name, lesson in self._lone.items():
            made[f"{name}.html"] = self._render("lesson.html", lesson=lesson, **around)
        return made | {f"quiz-{quiz.id}.html": self._quiz(quiz) for quiz in self.quizzes}

    def _render(self, template: str, **values: Any) -> str:
        """Return a page made from one of the templates, with what every page shows."""
        pages = [  # the short name is for where there is little room: FAQ, GRU, Attention
            {"name": f"{name}.html", "short": name.upper() if len(name) == 3 else name.capitalize()}
            | {"title": lesson.title}
            for name, lesson in self._lone.items()
        ]
        shared = {"course": self._course, "policy": Markup(self._policy), "pages": pages}
        return self._templates.get_template(template).render(shared | values)

    def _quiz(self, quiz: Quiz) -> str:
        """Return the page of a quiz, which shows its questions with one draw of their numbers."""
        questions, page = [], self._templates.get_template("question.html")
        for face in quiz.public.faces:
            parts = question_parts(make_variant(face, self._course.salt, READER, quiz.id, face.id, 1))
            body = page.render(
                prompt=Markup(parts["prompt"]),
                code=Markup(python_html(parts["code"])) if parts["code"] else "",
                numbered=Question.kinds[face.type].answered_in == "code",
                **{name: list(map(Markup, parts[name])) for name in ("lefts", "options")},
            )
            questions.append({"topic": face.topic, "credits": face.credits, "body": Markup(body)})
        return self._render("quiz.html", quiz=quiz, questions=questions)

    def _address(self, path: Path) -> str:
        """Return what a page asks for to show a picture: a name that says what is in it."""
        try:
            if path.suffix not in IMAGES or path.stat().st_size > MAX_IMAGE:
                return ""
            path.resolve().relative_to(self._course.root.resolve())
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        except (OSError, ValueError):
            return ""
        name = f"picture-{digest}{path.suffix}"
        self.pictures[name] = path
        return name
