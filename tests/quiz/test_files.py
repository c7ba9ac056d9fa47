"""Quiz files and types: what a file may say, and what a tenth type of question takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import pytest

from grader.authoring.leaks import find_leaks, texts_of
from grader.authoring.quiz_lint import lint_quiz
from grader.authoring.quiz_schema import quiz_schema
from grader.course import CannotDo, Course, CourseError, dataclass
from grader.progress import open_ledger
from grader.quiz import files
from grader.quiz.credits import QuizContext
from grader.quiz.files import Quiz, load_quiz, write_edition
from grader.quiz.formula import Value
from grader.quiz.questions.base import (
    Marked,
    Problem,
    Question,
    Runner,
    Unreadable,
    Variant,
    make_variant,
    parse,
)
from grader.quiz.session import Session
from grader.reports.quiz_screen import help_lines, question_lines, reply_lines
from tests.quiz.helpers import runner, sample

SOUND = sample().path.read_text(encoding="utf-8")


# --- a tenth type ---


@dataclass(frozen=True, kw_only=True)
class Letter(Question):
    """The letter with which a name begins."""

    type: Literal["letter"] = "letter"
    name: str
    asks = "type one letter"

    @classmethod
    def read(cls, variant: Variant, text: str) -> str:
        """Accept letters only."""
        if len(text) != 1 or not text.isalpha():
            raise Unreadable("one letter is asked for")
        return text.casefold()

    def mark(self, names: Mapping[str, Value], answer: str, runner: Runner) -> Marked:
        """Compare the letter."""
        right = answer == self.name[0].casefold()
        return Marked(float(right), "right" if right else "not right")

    def right_answer(self, variant: Variant) -> str:
        """Name the letter."""
        return self.name[0]

    def lint(self, runner: Runner) -> Iterator[Problem]:
        """Look for names that begin with something else."""
        if not self.name[0].isalpha():
            yield f"has a name `{self.name}` that begins with no letter", self.place


LETTER_QUIZ = """
schema: 1
quiz: letters
version: 1
title: Letters
MODE
questions:
  - id: author
    type: letter
    topic: history
    prompt: 'With which letter begins the name of the first author of the paper on the LSTM?'
    name: NAME
    explain: 'Sepp Hochreiter wrote it, with his supervisor as the second author.'
    source: 'the paper of 1997'
"""


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Register the tenth type, by one line, and return a quiz of it."""
    monkeypatch.setitem(Question.kinds, Letter.type, Letter)
    path = tmp_path / "letters.yaml"
    path.write_text(LETTER_QUIZ.replace("MODE", "mode: practice").replace("NAME", "Hochreiter"))
    return path


def test_a_tenth_type_is_loaded_drawn_asked_and_marked(letters: Path, tmp_path: Path) -> None:
    quiz = load_quiz(letters)
    course = Course(root=tmp_path, title="A course", salt="salt")
    session = Session(quiz, QuizContext("salt", lambda: open_ledger(course), runner))
    item = session.item("author")
    assert "type one letter" in "\n".join(line.text for line in question_lines(session, item))
    assert "type one letter" in next(line.text for line in help_lines(item))
    with pytest.raises(Unreadable, match="one letter is asked for"):
        session.answer(item, "Ho")
    wrong = session.answer(item, "s")
    assert wrong.mark == Marked(0.0, "not right")
    right = session.answer(wrong.item, "h")
    assert right.mark is not None
    assert right.counted is not None
    assert (right.mark.right, right.solution, right.counted.cents) == (True, "H", 60)
    assert "Sepp Hochreiter wrote it" in "\n".join(line.text for line in reply_lines(right))


def test_a_tenth_type_is_linted(letters: Path) -> None:
    assert list(lint_quiz(load_quiz(letters), runner)) == []
    letters.write_text(letters.read_text().replace("Hochreiter\n", "'1'\n", 1))
    (fault,) = lint_quiz(load_quiz(letters), runner)
    assert str(fault).endswith("letters.yaml:8:5: `author` has a name `1` that begins with no letter")


def test_a_tenth_type_is_handed_out_without_its_key(letters: Path, tmp_path: Path) -> None:
    letters.write_text(letters.read_text().replace("mode: practice", "mode: graded"))
    quiz = load_quiz(letters)
    folder = tmp_path / "student"
    write_edition([quiz], b"a secret of the tests' own", folder)
    assert leaks(folder, quiz) == []
    written = folder / "quizzes" / "letters.yaml"
    assert "Hochreiter" not in written.read_text()
    shown = load_quiz(written)
    assert (shown.key, shown.faces["author"]) == (None, quiz.file.questions[0].public())
    assert parse(make_variant(shown.faces["author"], "seed"), "H") == "h"  # without the key
    written.write_text(f"{written.read_text()}# Hochreiter\n")
    assert leaks(folder, quiz) == []  # a word comes by chance; a value does not
    written.write_text(written.read_text().replace("With which", "Hochreiter! With which"))
    (leak,) = leaks(folder, quiz)
    assert "the key of `author` (name: “ho" in leak


def leaks(folder: Path, quiz: Quiz) -> list[str]:
    return find_leaks(folder, texts_of(folder), quizzes=[quiz])


def test_an_editor_knows_a_tenth_type(letters: Path) -> None:
    schema = quiz_schema()
    assert schema["$defs"]["Letter"]["properties"]["name"] == {"type": "string"}
    assert "letter" in schema["properties"]["questions"]["items"]["properties"]["type"]["enum"]


# --- what a file may say ---


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 1", "version: 1\nlanguage: de", "`language` is gone"),
        ("    topic: gates\n", "    topic: gates\n    tags: [lstm]\n", "`tags` is gone"),
        ("type: multiple", "type: multiple\n    scoring: net", "`scoring` is gone"),
        ("type: order", "type: order\n    scoring: exact", "`scoring` is gone"),
        ("confidence: optional", "confidence: required", "`confidence: required` is gone"),
        ("confidence: optional", "mode: exam", "`mode: exam` is gone"),
        ("type: text", "type: text\n    scorin: net", "unknown key `scorin`"),
        ("  - id: bound\n", "  - id: roles\n", "the question `roles` stands 2 times"),
        ("version: 1", "version: 0", "`version` should be 1 or more"),
        ("version: 1", "version: 1\npass_mark: 1.5", "`pass_mark` should be a share"),
        ("version: 1", "version: 1\ndraw:\n  per_topic: {gates: 9}", "wants 9 of the topic `gates`"),
        ("version: 1", "version: 1\ndraw:\n  per_topic: {shapes: 1}", "should earn equal credits"),
        ("version: 1", "version: 1\nattempts:\n  weights: [0.5, 1.0]", "should fall from 1"),
    ],
)
def test_what_a_file_may_not_say(old: str, new: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "every-type.yaml"
    assert old in SOUND
    path.write_text(SOUND.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        load_quiz(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")


def test_every_type_is_registered_under_its_name() -> None:
    assert set(Question.kinds) == {question.type for question in sample().file.questions}
    assert all(kind.asks for kind in Question.kinds.values())


@pytest.mark.parametrize(
    "spelt",
    ["every-type", "Every-Type", "every_type", "every type", "quizzes/every-type.yaml", "EVERY-TYPE.YAML"],
)
def test_a_quiz_is_found_however_it_is_spelt(tiny: Course, spelt: str) -> None:
    assert files.find_quiz_path(tiny, spelt).name == "every-type.yaml"


@pytest.mark.parametrize("spelt", ["every", "", "..", "every-type.yml", "every-type\0"])
def test_what_is_no_quiz_is_told_with_the_nearest(tiny: Course, spelt: str) -> None:
    with pytest.raises(CannotDo, match="the nearest are every-type"):
        files.find_quiz_path(tiny, spelt)
