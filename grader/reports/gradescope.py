"""A grade -> results.json of a Gradescope autograder; only here credits go by Gradescope's own words.

Form: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grader.checks.report import Outcome
from grader.classroom.grades import ExerciseGrade, Grade, QuizResult
from grader.course import Feedback
from grader.reports.lines import unconfined
from grader.reports.plain import distinct, one_line, remarks, told
from grader.sandbox.text import clean


def gradescope_json(grade: Grade) -> str:
    """Return the document; its ``score`` is the total after adjustments and outranks that of its tests."""
    document = {
        "score": grade.cents / 100,
        "execution_time": round(sum(one.report.seconds for one in grade.exercises), 3),
        "output": "\n".join(_output(grade)),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": [*_tests(grade)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _output(grade: Grade) -> Iterator[str]:
    yield from remarks(grade)
    for one in grade.exercises:
        layers = unconfined(one.report.confinement) if one.report.source_sha256 else []
        yield from (f"{one.report.exercise}: {one_line(note)}" for note in (*layers, *one.shown.notes))


def _tests(grade: Grade) -> Iterator[dict[str, Any]]:
    for first, one in enumerate(grade.exercises, 1):
        yield from _checks(one, first)
    for first, quiz in enumerate(grade.quizzes, len(grade.exercises) + 1):
        yield _quiz(quiz, first)


def _checks(one: ExerciseGrade, first: int) -> Iterator[dict[str, Any]]:
    outcomes = one.shown.outcomes
    names = distinct(one_line(outcome.title) for outcome in outcomes)
    for second, (outcome, name) in enumerate(zip(outcomes, names, strict=True), 1):
        yield {
            "name": f"{one.report.exercise}: {name}",
            "number": f"{first}.{second}",
            "score": float(outcome.earned),
            "max_score": float(outcome.credits),
            "status": "passed" if outcome.status == "passed" else "failed",
            "output": _told(outcome),
            "output_format": "text",
            "visibility": _visibility(outcome, one.feedback),
        }


def _told(outcome: Outcome) -> str:
    """Return what the student reads; not what was printed in a hidden check, which could carry its inputs."""
    skipped = "skipped: it was not run" if outcome.status == "skipped" else ""
    printed = outcome.output.strip() if outcome.status == "failed" and not outcome.hidden else ""
    parts = (skipped, told(outcome), clean(f"your code printed:\n{printed}") if printed else "")
    return "\n".join(part for part in parts if part)


def _visibility(outcome: Outcome, feedback: Feedback) -> str:
    """Show a hidden check once grades are published: before, a student could try until it passes."""
    if not outcome.hidden:
        return "visible"
    return "hidden" if feedback == "none" else "after_published"


def _quiz(quiz: QuizResult, first: int) -> dict[str, Any]:
    return {
        "name": f"{quiz.quiz}: {one_line(quiz.title)}",
        "number": str(first),
        "score": quiz.earned_cents / 100,
        "max_score": quiz.possible_cents / 100,
        "output": "\n".join(map(one_line, quiz.notes)),
        "output_format": "text",
        "visibility": "visible",
    }
