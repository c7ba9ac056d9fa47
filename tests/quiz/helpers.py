"""What the tests of quizzes share: the sample quiz with one question of every type, and its variants."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any

from grader.quiz.files import Quiz, full_quiz, load_quiz
from grader.quiz.questions.base import Question, Variant, make_variant

SAMPLE = Path(__file__).parents[1] / "fixtures" / "course" / "quizzes" / "every-type.yaml"


@functools.cache
def sample() -> Quiz:
    """Return the sample quiz."""
    return load_quiz(SAMPLE)


def graded(quiz: Quiz, **changes: Any) -> Quiz:
    """Return a quiz whose key is the instructor's."""
    return full_quiz(quiz.path, dataclasses.replace(quiz.file, **{"mode": "graded", **changes}))


def question(question_id: str, quiz: Quiz | None = None) -> Any:
    """Return one question of a quiz, or of the sample."""
    return (quiz or sample()).questions[question_id]


def variant_of(one: Question, attempt: int = 1) -> Variant:
    """Return a variant, always the same one."""
    return make_variant(one.public(), "salt", "learner", "every-type", one.id, attempt)


def numbers(variant: Variant, *ids: str) -> str:
    """Return what is typed to name options by their ids."""
    place = {option.id: str(number) for number, option in enumerate(variant.options, 1)}
    return " ".join(place[one] for one in ids)


class RunsHere:
    """Stands in for a worker: runs code of these tests right here."""

    def passes(self, code: str, solution: str, tests: tuple[str, ...]) -> bool:
        """Whether code returns what the solution returns."""
        results = []
        for source in (code, solution):
            space: dict[str, Any] = {}
            try:
                exec(source, space)
                results.append([eval(f"({test}).tolist()", space) for test in tests])
            except Exception:
                results.append([None])
        return results[0] == results[1]

    def printed(self, code: str) -> str | None:
        """Run no code."""
        raise AssertionError("nothing asks for it")


runner = RunsHere()
