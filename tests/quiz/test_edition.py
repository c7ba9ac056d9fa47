"""The student's edition of quizzes: no key is in it."""

from __future__ import annotations

import dataclasses
import functools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.course import CourseError, Raw
from grader.quiz import files
from grader.quiz.files import PublicFile, Quiz, load_quiz
from grader.quiz.questions.base import Draw, Option, PublicQuestion, Question, make_variant
from grader.quiz.questions.typed import Target
from tests.quiz import helpers
from tests.quiz.helpers import graded, sample

ROOT = Path(__file__).resolve().parents[2]
SECRET = b"a secret of the tests' own"
REAL = sorted((ROOT / "quizzes").glob("*.yaml"))


@functools.cache
def everything() -> list[Quiz]:
    return [graded(load_quiz(path)) for path in REAL] + [graded(sample())]


def built(quiz: Quiz, folder: Path) -> Path:
    files.write_edition([quiz], SECRET, folder)
    return folder / "quizzes" / quiz.path.name


# --- what is in it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("quiz", everything(), ids=lambda quiz: quiz.id)
def test_no_text_of_the_key_is_handed_out(quiz: Quiz) -> None:
    flat = " ".join(files.edition_text(quiz, SECRET).split())
    for question in quiz.file.questions:
        for text in key_side(question):
            assert " ".join(text.split()) not in flat, question.id


def key_side(question: Question) -> list[str]:
    """Return the sentences of a key, found in another way than the scan does."""
    parts = [*getattr(question, "choices", ()), *getattr(question, "distractors", ())]
    parts += [*getattr(question, "mistakes", ()), *getattr(question, "reject", ())]
    texts = [question.explain, *(hint.text for hint in question.hints), *(part.feedback for part in parts)]
    return [*filter(None, texts), *getattr(question, "tests", ())]


@pytest.mark.parametrize("quiz", everything(), ids=lambda quiz: quiz.id)
def test_it_has_the_fields_of_faces_and_no_others(quiz: Quiz) -> None:
    document = yaml.safe_load(files.edition_text(quiz, SECRET))
    assert set(document) <= names(PublicFile)
    for face in document["faces"]:
        assert set(face) <= names(PublicQuestion)
        for option in (*face.get("options", ()), *face.get("lefts", ())):
            assert set(option) == names(Option)
            assert re.fullmatch("[0-9a-f]{8}", option["id"])
        for how in face.get("params", {}).values():
            assert set(how) <= {name.rstrip("_") for name in names(Draw)}


def test_a_public_question_has_these_fields_and_a_new_one_is_a_decision() -> None:
    shown = "id type topic credits prompt options lefts code params where dims"
    assert names(PublicQuestion) == set(shown.split())
    assert names(Option) == {"id", "text"}


@pytest.mark.parametrize("quiz", everything(), ids=lambda quiz: quiz.id)
def test_what_is_shown_does_not_depend_on_the_key(quiz: Quiz) -> None:
    other_key: dict[str, Any] = {
        "explain": "other",
        "source": "other",
        "hints": (),
        "mistakes": (),
        "reject": (),
        "accept": ("other",),
        "typos": 0,
        "tests": ("other",),
        "solution": "other",
        "line": 1,
    }
    for question in quiz.file.questions:
        fields = names(question)
        changes = {name: value for name, value in other_key.items() if name in fields}
        if question.type == "numeric":
            changes["answer"] = Target(Raw("12345"), atol=0.1)
        elif "answer" in fields:
            changes["answer"] = ("7", "7") if question.type == "shape" else "other"
        for name in {"choices", "distractors"} & fields:
            lines = getattr(question, name)
            changes[name] = tuple(dataclasses.replace(line, feedback="other") for line in lines)
        assert dataclasses.replace(question, **changes).public() == question.public()


def names(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


@pytest.mark.parametrize("quiz", everything(), ids=lambda quiz: quiz.id)
def test_it_reads_back_as_it_was(quiz: Quiz, tmp_path: Path) -> None:
    sheet = load_quiz(built(quiz, tmp_path))
    assert sheet.key is None
    for face, wanted in zip(sheet.public.faces, files.public_file(quiz, SECRET).faces, strict=True):
        variants = [make_variant(one, "salt", "learner", quiz.id, one.id, 1) for one in (face, wanted)]
        assert variants[0].record() == variants[1].record()
        assert (face.prompt, face.options, face.lefts) == (wanted.prompt, wanted.options, wanted.lefts)
        assert (face.code, face.credits, dict(face.dims)) == (wanted.code, wanted.credits, dict(wanted.dims))


def test_options_stand_in_the_order_of_ids_that_say_nothing(tmp_path: Path) -> None:
    quiz = graded(sample())
    face = load_quiz(built(quiz, tmp_path)).faces["bound"]
    assert [one.id for one in face.options] == sorted(one.id for one in face.options)
    back = files.plain_ids(SECRET, quiz.id, helpers.question("bound"))
    assert sorted(back[one.id] for one in face.options) == ["rho", "smax", "trace"]
    texts = {one.text: one.id for one in face.options}
    assert back[texts["the trace of $W_{hh}$"]] == "trace"


def test_one_option_has_another_id_in_another_question_or_quiz() -> None:
    ids = {files.opaque(SECRET, quiz, question, "a") for quiz in "pq" for question in "rs"}
    assert len(ids | {files.opaque(b"another secret of ours", "p", "r", "a")}) == 5
    assert files.opaque(SECRET, "ab", "c", "d") != files.opaque(SECRET, "a", "bc", "d")


def test_the_same_course_and_secret_give_the_same_bytes(tmp_path: Path) -> None:
    quiz = graded(sample())
    first, second = (built(quiz, tmp_path / name).read_bytes() for name in "ab")
    assert first == second
    assert files.edition_text(quiz, b"another secret of ours") != first.decode()


def test_practice_goes_out_as_it_is_and_says_so(tmp_path: Path) -> None:
    path = built(sample(), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# A quiz to practise with: its answers stand below")
    assert text.endswith(sample().path.read_text(encoding="utf-8"))
    assert load_quiz(path).file.questions[0].explain == sample().file.questions[0].explain


def test_two_options_never_share_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "opaque", lambda *_: "00000000")
    with pytest.raises(CourseError, match="same id"):
        files.public_file(graded(sample()), SECRET)


def test_what_reads_otherwise_once_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = files.edition_text(graded(sample()), SECRET).replace("0.85", "0.84")
    monkeypatch.setattr(files, "edition_text", lambda *_: text)
    with pytest.raises(CourseError, match="reads otherwise"):
        built(graded(sample()), tmp_path)
    assert not (tmp_path / "quizzes" / "every-type.yaml").exists()
