"""Looks through a finished hand-out for lines of solutions and hidden checks, and for patches of mistakes.

A line is looked for word by word, so that spaces, line breaks and quotation marks around it do not matter.
"""

from __future__ import annotations

import bisect
import io
import itertools
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.checks.recorded import FILE, unpacked
from grader.course import Course, Exercise
from grader.course.stub import make_stub

WORD = re.compile(r"\w+|[^\w\s]")
LETTERS = 8  # without spaces; a shorter line tells nothing
TRIVIAL = re.compile(r" (return \w+|for \w+ in range \( \w+ \) :|(import|from|class|def) .*) ")
NAMES = re.compile(r"hidden|misconception|mutant|secret|solution|variant", re.IGNORECASE)
PACKAGE = "grader"  # the program, which everybody may have; its own names are no leak
QUOTED = 6


@dataclass(frozen=True)
class Secret:
    """Words that should not be in a hand-out.

    Args:
        what: they are.
        words: with a space before, between and after them.
    """

    what: str
    words: str

    def __str__(self) -> str:
        return f"{self.what} (“{self.words.replace(' ', '')[:QUOTED]}…”)"


# --- what is looked for -------------------------------------------------------------------------------


def secrets_of(course: Course) -> list[Secret]:
    """Return what the instructor's side of a course has and the student's has not.

    Raises:
        CourseError: an exercise cannot be read.
    """
    exercises = [course.exercise(one) for one in course.exercise_ids()]
    given = flat("\n".join(make_stub(one) + _text(one.visible_checks) for one in exercises))
    public = flat("\n".join([given, *map(_text, _students_files(course))]))
    return list(dict.fromkeys(one for exercise in exercises for one in _secrets(exercise, given, public)))


def _secrets(exercise: Exercise, given: str, public: str) -> Iterator[Secret]:
    stub = set(_lines(make_stub(exercise)))
    for words in _lines(_text(exercise.solution_path)):
        if words not in stub:
            yield Secret(f"a line of the solution of {exercise.id}", words)
    for words in _lines(_text(exercise.hidden_checks)):
        if words not in given:
            yield Secret(f"a line of the hidden checks of {exercise.id}", words)
    for mistake in exercise.misconceptions():
        for words in map(flat, (mistake.replace, mistake.with_)):
            if _long(words) and words not in public and words not in flat(mistake.says):
                yield Secret(f"a patch of a misconception of {exercise.id}", words)


def _students_files(course: Course) -> list[Path]:
    """Return what students read anyway; a patch is too short to be looked for there."""
    patterns = ("exercises/*/lesson.md", "exercises/*/plot_*.py", "quizzes/*.yaml")
    return sorted(path for pattern in patterns for path in course.root.glob(pattern))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def flat(text: str) -> str:
    """Return the words of a text, with one space around each."""
    return f" {' '.join(WORD.findall(text))} "


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a Python file that say something, without comments."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]]
    return (one for one in map(flat, lines) if _long(one) and not TRIVIAL.fullmatch(one))


def _long(words: str) -> bool:
    return len(words.replace(" ", "")) > LETTERS


# --- where it is looked for ---------------------------------------------------------------------------


def texts_of(folder: Path) -> dict[Path, str]:
    """Read all files of a hand-out as text; what is recorded is unpacked."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path: _readable(path) for path in files}


def _readable(path: Path) -> str:
    data = path.read_bytes()
    if path.name == FILE:
        header, body = unpacked(data)
        return f"{header}\n{bytes(body).decode(errors='ignore')}"
    return data.decode(errors="ignore")


def find_lines(
    folder: Path, texts: Mapping[Path, str], secrets: list[Secret], shown: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Return where secrets are in a hand-out: file, line, what it is and its first letters.

    Args:
        texts: of the files in the folder.
        shown: by file, the lines that stand there on purpose.
    """
    found = []
    for path, text in texts.items():
        name = path.relative_to(folder).as_posix()
        if name.startswith(f"{PACKAGE}/"):
            continue
        if NAMES.search(name):
            found.append(f"{name}: has the name of something that is the instructor's")
        allowed = set(map(flat, shown.get(name, ())))
        lines = [" ".join(WORD.findall(line)) for line in text.splitlines()]
        starts = list(itertools.accumulate((len(one) + 1 for one in lines if one), initial=0))
        numbers = [number for number, one in enumerate(lines, 1) if one]
        whole = f" {' '.join(filter(None, lines))} "
        for secret in secrets:
            place = whole.find(secret.words)
            if place >= 0 and secret.words not in allowed:
                line = numbers[bisect.bisect_right(starts, place) - 1]
                found.append(f"{name}:{line}: holds {secret}")
    return found
