"""Strategies without knowledge earn little in the quizzes of this course; pytest -s prints how little."""

from __future__ import annotations

import os

import pytest

from benchmarks.quiz_guessing import STRATEGIES, overall, simulate
from grader.course import Course
from grader.quiz.files import QuizFile, load_quiz, quiz_paths
from tests.quiz.helpers import sample

STUDENTS = 20 if os.environ.get("GRADER_LONG") == "1" else 2
MOST = {"clicks": 0.2, "everything": 0.2, "same": 0.2}


@pytest.fixture(scope="module")
def files(course: Course) -> list[QuizFile]:
    return [sample().file, *(load_quiz(path).file for path in quiz_paths(course))]


@pytest.mark.parametrize("name", MOST)
def test_guessing_earns_little(files: list[QuizFile], name: str) -> None:
    rows = simulate(files, STRATEGIES[name], STUDENTS)
    for kind, row in sorted(rows.items()):
        print(f"{name:<12}{kind:<10}{row.share:>8.1%}")
    print(f"{name:<12}{'all':<10}{overall(rows).share:>8.1%}")
    assert overall(rows).share < MOST[name]
    if name == "everything":
        assert rows["multiple"].credits == 0
    for kind in ("text", "numeric", "output"):
        assert rows[kind].share < 0.1, kind
