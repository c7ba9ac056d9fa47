"""What students read of the course holds no line of a solution or a hidden check but declared ones."""

from __future__ import annotations

from grader.authoring.leaks import find_leaks, secrets_of, texts_of
from grader.course import Course, make_stub


def test_lessons_checks_and_quizzes_tell_no_answer(course: Course) -> None:
    texts = texts_of(course.root / "exercises") | texts_of(course.root / "quizzes")
    texts |= {exercise.stub_path: make_stub(exercise) for exercise in course.exercises()}
    texts = {path: text for path, text in texts.items() if "__pycache__" not in path.parts}
    assert find_leaks(course.root, texts, secrets_of(course), course.shown) == []
