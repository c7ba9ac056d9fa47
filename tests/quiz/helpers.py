"""What the tests of quizzes share: the sample quiz with one question of every type, and its variants."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from grader.quiz.face import face_of
from grader.quiz.schema import AnyQuestion, Fix, Quiz, load_quiz
from grader.quiz.variants import Variant, make_variant

SAMPLE = Path(__file__).parents[1] / "fixtures" / "course" / "quizzes" / "every-type.yaml"


@functools.cache
def sample() -> Quiz:
    """Return the sample quiz."""
    return load_quiz(SAMPLE)


def question(question_id: str) -> Any:
    """Return one question of the sample."""
    return sample().question(question_id)


def variant_of(one: AnyQuestion, attempt: int = 1) -> Variant:
    """Return a variant, always the same one."""
    return make_variant(face_of(one), "salt", "learner", "every-type", one.id, attempt)


def numbers(variant: Variant, *ids: str) -> str:
    """Return what is typed to name options by their ids."""
    place = {option.id: str(number) for number, option in enumerate(variant.options, 1)}
    return " ".join(place[one] for one in ids)


def run_fix(one: Fix, code: str) -> bool:
    """Stand in for a worker: run code of these tests right here."""
    results = []
    for source in (code, _solved(one)):
        space: dict[str, Any] = {}
        try:
            exec(source, space)
            results.append([eval(f"({test}).tolist()", space) for test in one.tests])
        except Exception:
            results.append([None])
    return results[0] == results[1]


def _solved(one: Fix) -> str:
    lines = one.code.splitlines()
    lines[one.line - 1] = one.solution
    return "\n".join(lines)
