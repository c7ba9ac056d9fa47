"""What students read of the course holds no line of a solution or a hidden check but declared ones."""

from __future__ import annotations

import pytest

from grader.authoring.leaks import Secrets, find_leaks, flat, secrets_of, texts_of
from grader.course import Course, make_stub


@pytest.fixture(scope="module")
def secrets(course: Course) -> Secrets:
    return secrets_of(course)


def test_lessons_checks_and_quizzes_tell_no_answer(course: Course, secrets: Secrets) -> None:
    texts = texts_of(course.root / "exercises") | texts_of(course.root / "quizzes")
    texts |= {exercise.stub_path: make_stub(exercise) for exercise in course.exercises()}
    texts = {path: text for path, text in texts.items() if "__pycache__" not in path.parts}
    assert find_leaks(course.root, texts, secrets, course.shown) == []


def test_what_is_shown_on_purpose_is_an_answer_and_stands_there(course: Course, secrets: Secrets) -> None:
    hidden = {secret.words for secret in secrets.texts}
    for name, lines in course.shown.items():
        words = flat((course.root / name).read_text(encoding="utf-8"))
        assert [line for line in lines if flat(line) not in hidden or flat(line) not in words] == [], name
