"""The pages of a site, as HTML that needs no script to be read."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course import Course, Exercise, make_stub
from grader.quiz.files import Quiz
from grader.quiz.questions.base import Question, Variant, make_variant
from grader.reports.html import TEXT_LIMITS, environment
from grader.reports.lesson import IMAGES, MAX_IMAGE, Lesson, python_html, read_lesson
from grader.site.browser import question_parts

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
    "frame-src 'none'; worker-src blob:; script-src 'self' '{frame}' 'wasm-unsafe-eval'; "
    "connect-src 'self'{others}"
)
"""Of every page: scripts of the site's own files only, but for the one in the frame, which its hash names. A
frame without an address is let through all the same, and one with an address never is."""
READER = "reader"  # whose numbers the questions show to those without a script


@dataclass
class Pages:
    """Makes the pages of one course.

    Args:
        course: a hand-out.
        policy: the Content-Security-Policy of every page.

    Attributes:
        pictures: of the lessons made so far, by the name that their pages ask for.
    """

    course: Course
    exercises: list[Exercise]
    quizzes: list[Quiz]
    policy: str
    pictures: dict[str, Path] = field(default_factory=dict)

    @functools.cached_property
    def _lone(self) -> dict[Path, Lesson]:
        """What stands beside the quizzes, such as the FAQ."""
        paths = sorted((self.course.root / "quizzes").glob("*.md"))
        return {path: read_lesson(path, self._address) for path in paths}

    def render(self, template: str, **values: Any) -> str:
        """Return a page made from one of the templates, with what every page shows."""
        import markupsafe

        pages = [
            {"name": f"{path.stem}.html", "short": short(path.stem), "title": lesson.title}
            for path, lesson in self._lone.items()
        ]
        shared = {"course": self.course, "policy": markupsafe.Markup(self.policy), "pages": pages}
        return templates().get_template(template).render(shared | values)

    def start(self) -> str:
        """Return the first page: what there is, and what it is worth."""
        return self.render("start.html", exercises=self.exercises, quizzes=self.quizzes)

    def lessons(self) -> dict[str, str]:
        """Return a page for each lesson, and for what stands beside the quizzes, by its file's name."""
        made = {}
        for number, exercise in enumerate(self.exercises):
            around = {
                "before": self.exercises[number - 1] if number else None,
                "after": (*self.exercises, None)[number + 1],
            }
            lesson = read_lesson(exercise.lesson_path, self._address)
            stub = make_stub(exercise)
            made[f"{exercise.id}.html"] = self.render(
                "lesson.html", lesson=lesson, exercise=exercise, stub=stub, **around
            )
        for path, lesson in self._lone.items():
            made[f"{path.stem}.html"] = self.render(
                "lesson.html", lesson=lesson, exercise=None, before=None, after=None
            )
        return made

    def quiz(self, quiz: Quiz) -> str:
        """Return the page of a quiz, which shows its questions with one draw of their numbers."""
        questions = []
        for face in quiz.public.faces:
            variant = make_variant(face, self.course.salt, READER, quiz.id, face.id, 1)
            questions.append({"topic": face.topic, "credits": face.credits, "body": question_html(variant)})
        return self.render("quiz.html", quiz=quiz, questions=questions)

    def _address(self, path: Path) -> str:
        """Return what a page asks for to show a picture: a name that says what is in it."""
        try:
            if path.suffix not in IMAGES or path.stat().st_size > MAX_IMAGE:
                return ""
            path.resolve().relative_to(self.course.root.resolve())
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        except (OSError, ValueError):
            return ""
        name = f"picture-{digest}{path.suffix}"
        self.pictures[name] = path
        return name


def short(name: str) -> str:
    """Return what a page is called where there is little room: FAQ, GRU, Attention."""
    return name.upper() if len(name) == 3 else name.capitalize()


def question_html(variant: Variant) -> Markup:
    """Return a question as it is asked, as HTML."""
    import markupsafe

    parts = question_parts(variant)
    shown = {name: [markupsafe.Markup(text) for text in parts[name]] for name in ("lefts", "options")}
    numbered = Question.kinds[variant.public.type].answered_in == "code"
    code = markupsafe.Markup(python_html(parts["code"])) if parts["code"] else ""
    template = templates().get_template("question.html")
    prompt = markupsafe.Markup(parts["prompt"])
    return markupsafe.Markup(template.render(prompt=prompt, code=code, numbered=numbered, **shown))


@functools.cache
def templates() -> Environment:
    """Return what makes the site's pages, of its own templates and of those of reports."""
    from jinja2 import ChoiceLoader, PackageLoader

    loader = ChoiceLoader([PackageLoader("grader.site"), PackageLoader("grader.reports")])
    made = environment(TEXT_LIMITS[0]).overlay(loader=loader)
    made.filters["asked"] = questions_asked
    return made


def questions_asked(quiz: Quiz) -> int:
    """Return how many questions one sitting of a quiz asks."""
    return sum(quiz.public.draw.per_topic.values()) if quiz.public.draw else len(quiz.public.faces)
