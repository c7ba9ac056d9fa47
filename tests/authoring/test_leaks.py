"""The scan sees every text of a key in the student's edition of a quiz, and in the files around it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.authoring.handout import hand_out_quizzes
from grader.authoring.leaks import Leaking, find_leaks, secrets_of, texts_of
from grader.course import Course, dataclass
from grader.quiz import files
from grader.quiz.files import Quiz
from grader.quiz.questions.typed import Text
from tests.quiz.helpers import graded, question, sample

SECRET = b"a secret of the tests' own"


def built(quiz: Quiz, folder: Path) -> Path:
    files.write_edition([quiz], SECRET, folder)
    return folder / "quizzes" / quiz.path.name


def leaks_in(folder: Path, quiz: Quiz) -> list[str]:
    return find_leaks(folder, texts_of(folder), quizzes=[quiz], course_secret=SECRET.decode())


LEAKS: dict[str, tuple[Callable[[str], str], str]] = {
    "a field": (
        lambda text: text.replace("  type: single\n", "  type: single\n  correct: smax\n"),
        "`correct`",
    ),
    "an unknown field": (lambda text: f"{text}answer: 4\n", "`answer`"),
    "an explanation": (
        lambda text: text.replace(
            "to the power $T", "Gates are shares, and a share lies between 0 and 1. $T"
        ),
        "`squashed` (explain",
    ),
    "feedback": (lambda text: f"{text}# It comes out of tanh, so that it can\n#\n", ""),
    "feedback in a comment": (
        lambda text: f"{text}# It comes out of tanh, so that it can subtract as well.\n",
        "`squashed` (choices.feedback",
    ),
    "a hint": (lambda text: text.replace("What shape has", "Bound a single step first. Shape"), "hints.text"),
    "a formula": (lambda text: text.replace("has the direct", "log(0.5)/log(f) direct"), "answer.value"),
    "an accepted word": (
        lambda text: text.replace("Mend one line.", "Forget gate."),
        "`missing-gate` (accept",
    ),
    "a number": (lambda text: text.replace("Mend one line.", "Mend (4, 4)."), "`square` (answer"),
    "a test": (
        lambda text: text.replace("Mend one line.", "combine(np.ones((2, 1)), np.arange(1.0))"),
        "`stack` (tests",
    ),
    "a solution": (lambda text: text.replace("column = x\n", "column = x.reshape(-1, 1)\n"), "(solution"),
    "a mistake": (
        lambda text: text.replace("What does this", "Is it (4, 1)? What does this"),
        "mistakes.value",
    ),
    "a source": (lambda text: text.replace("Mend one", "See lesson of exercise-10. Mend one"), "(source"),
    "the right option's id": (
        lambda text: text.replace("text: the largest singular", "text: smax, the largest singular"),
        "`bound` (choices.id",
    ),
    "plain ids": (
        lambda text: re.sub("id: [0-9a-f]{8}", "id: untransposed", text, count=1),
        "distractors.id",
    ),
    "no YAML": (lambda text: f"{text}: : [", "is no YAML"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_the_scan_sees(name: str, tmp_path: Path) -> None:
    quiz = graded(sample())
    path = built(quiz, tmp_path)
    plant, says = LEAKS[name]
    text = path.read_text(encoding="utf-8")
    path.write_text(plant(text), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    leaks = leaks_in(tmp_path, quiz)
    assert bool(leaks) == bool(says)
    assert any(says in leak for leak in leaks) or not says
    assert all(leak.startswith("quizzes/every-type.yaml: ") for leak in leaks)


def test_a_leak_is_named_without_telling_it(tmp_path: Path) -> None:
    quiz = graded(sample())
    (tmp_path / "notes.md").write_text(f"ask me\n{question('bound').explain}", encoding="utf-8")
    with pytest.raises(Leaking) as found:
        hand_out_quizzes([quiz], tmp_path, SECRET)
    (leak,) = found.value.args
    assert leak == "notes.md: holds the key of `bound` (explain: “the no…”)"
    assert not (tmp_path / "quizzes").exists()


@pytest.mark.parametrize("kind", ["key file", "secret", "test files"])
def test_the_whole_folder_is_looked_through(kind: str, tmp_path: Path) -> None:
    quiz = graded(sample())
    built(quiz, tmp_path)
    other = tmp_path / "deep" / "below.txt"
    other.parent.mkdir()
    other.write_bytes(b"\xff\x00" + SECRET if kind == "secret" else sample().path.read_bytes())
    if kind == "test files":
        other.write_text("forget gate, smax, (4, 4): words that come by chance", encoding="utf-8")
    leaks = leaks_in(tmp_path, quiz)
    assert bool(leaks) == (kind != "test files")
    assert all(leak.startswith("deep/below.txt: holds the ") for leak in leaks)
    assert not any(SECRET.decode() in leak for leak in leaks)


def test_another_question_that_prints_the_answer_is_a_leak(tmp_path: Path) -> None:
    questions = [
        dataclasses.replace(one, prompt=f"{one.prompt} Not the forget gate?") if one.id == "roles" else one
        for one in sample().file.questions
    ]
    with pytest.raises(Leaking) as found:
        hand_out_quizzes([graded(sample(), questions=tuple(questions))], tmp_path, SECRET)
    (leak,) = found.value.args
    assert "in what another question shows" in leak


def test_a_field_that_is_new_to_the_key_is_secret_until_it_is_named(tmp_path: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Wordy(Text):
        remark: str = "the gate that was not there"

    question = sample().questions["missing-gate"]
    assert isinstance(question, Text)
    wordy = Wordy(**{**vars(question), "prompt": "Name the gate that was not there"})
    quiz = graded(sample(), questions=(*sample().file.questions[:3], wordy))
    path = tmp_path / "quizzes" / "every-type.yaml"
    text = files.edition_text(quiz, SECRET).replace(
        "prompt: Name", "prompt: The gate that was not there. Name"
    )
    assert "(remark" in find_leaks(tmp_path, {path: text}, quizzes=[quiz])[0]


@pytest.mark.parametrize(
    "name", ["index.html", "quizzes.json", "exercises/exercise-1/lesson.md", "LICENSE", "plan.svg"]
)
def test_a_name_of_the_class_is_seen_in_whatever_goes_out(
    name: str, tiny_copy: Course, tmp_path: Path
) -> None:
    """Pages of a website, files of a wheel and of a hand-out go through the same scan."""
    tiny_copy.private_folder.mkdir()
    rows = "id,name,e-mail\nstudent-001,Zoë O'Hara,zoe@example.org\n,Gates,\n,Student,\n"
    (tiny_copy.private_folder / "people.csv").write_text(rows, encoding="utf-8")
    secrets = secrets_of(tiny_copy)
    for text, found in (
        ("<p>by Zoë O&#39;Hara</p>", 1),
        ('{"author": "o\'hara, zoë"}', 1),
        ("mailto:ZOE@example.org, then student_001", 2),
        ("Two gates, of which a student needs one; Zoë and O'Hara; student-01", 0),
    ):
        texts = {tmp_path / name: f"first\n{text}\n"}
        leaks = find_leaks(tmp_path, texts, secrets)
        assert len(leaks) == found, leaks
        assert all(leak.startswith(f"{name}:2: names “") and "class" in leak for leak in leaks)
        line = text if found == 1 else "student_001"
        shown = {name: ("Zoë O'Hara", "Zoë O&#39;Hara", "o'hara, zoë", line)}
        assert len(find_leaks(tmp_path, texts, secrets, shown)) == max(0, found - 1)
