"""The student's edition of quizzes: no key is in it, and the scan would see one."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
import yaml

from grader.authoring.handout import Leaking, hand_out_quizzes
from grader.authoring.leaks import find_leaks, texts_of
from grader.authoring.quiz_schema import FILE, quiz_schema, schema_text
from grader.cli import main
from grader.course import Course, CourseError
from grader.quiz import edition
from grader.quiz.edition import PublicFile, load_public
from grader.quiz.questions.base import Question
from grader.quiz.questions.words import Text
from grader.quiz.registry import Quiz, QuizFile, load_quiz
from grader.quiz.variants import Draw, Option, PublicQuestion, make_variant
from tests.quiz.helpers import sample

ROOT = Path(__file__).resolve().parents[2]
SECRET = b"a secret of the tests' own"
REAL = sorted((ROOT / "quizzes").glob("*.yaml"))


def graded(quiz: Quiz, **changes: Any) -> Quiz:
    """Return a quiz whose key is the instructor's."""
    return Quiz(quiz.path, dataclasses.replace(quiz.file, **{"mode": "graded", **changes}))


@functools.cache
def everything() -> list[Quiz]:
    return [graded(load_quiz(path)) for path in REAL] + [graded(sample())]


def built(quiz: Quiz, folder: Path) -> Path:
    edition.write_edition([quiz], SECRET, folder)
    return folder / "quizzes" / quiz.path.name


def leaks_in(folder: Path, quiz: Quiz) -> list[str]:
    return find_leaks(folder, texts_of(folder), quizzes=[quiz], course_secret=SECRET.decode())


# --- what is in it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("quiz", everything(), ids=lambda quiz: quiz.id)
def test_no_text_of_the_key_is_handed_out(quiz: Quiz) -> None:
    flat = " ".join(edition.edition_text(quiz, SECRET).split())
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
    document = yaml.safe_load(edition.edition_text(quiz, SECRET))
    assert set(document) <= names(PublicFile)
    for face in document["faces"]:
        assert set(face) <= names(PublicQuestion)
        for option in (*face.get("options", ()), *face.get("lefts", ())):
            assert set(option) == names(Option)
            assert re.fullmatch("[0-9a-f]{8}", option["id"])
        for how in face.get("params", {}).values():
            assert set(how) <= {name.rstrip("_") for name in names(Draw)}


def names(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


@pytest.mark.parametrize("quiz", everything(), ids=lambda quiz: quiz.id)
def test_it_reads_back_as_it_was(quiz: Quiz, tmp_path: Path) -> None:
    sheet = load_public(built(quiz, tmp_path))
    assert sheet.key is None
    for face, wanted in zip(sheet.public.faces, edition.public_file(quiz, SECRET).faces, strict=True):
        variants = [make_variant(one, "salt", "learner", quiz.id, one.id, 1) for one in (face, wanted)]
        assert variants[0].record() == variants[1].record()
        assert (face.prompt, face.options, face.lefts) == (wanted.prompt, wanted.options, wanted.lefts)
        assert (face.code, face.credits, dict(face.dims)) == (wanted.code, wanted.credits, dict(wanted.dims))


def test_options_stand_in_the_order_of_ids_that_say_nothing(tmp_path: Path) -> None:
    quiz = graded(sample())
    face = load_public(built(quiz, tmp_path)).face("bound")
    assert [one.id for one in face.options] == sorted(one.id for one in face.options)
    back = edition.plain_ids(SECRET, quiz.id, quiz.question("bound"))
    assert sorted(back[one.id] for one in face.options) == ["rho", "smax", "trace"]
    texts = {one.text: one.id for one in face.options}
    assert back[texts["the trace of $W_{hh}$"]] == "trace"


def test_one_option_has_another_id_in_another_question_or_quiz() -> None:
    ids = {edition.opaque(SECRET, quiz, question, "a") for quiz in "pq" for question in "rs"}
    assert len(ids | {edition.opaque(b"another secret of ours", "p", "r", "a")}) == 5
    assert edition.opaque(SECRET, "ab", "c", "d") != edition.opaque(SECRET, "a", "bc", "d")


def test_the_same_course_and_secret_give_the_same_bytes(tmp_path: Path) -> None:
    quiz = graded(sample())
    first, second = (built(quiz, tmp_path / name).read_bytes() for name in "ab")
    assert first == second
    assert edition.edition_text(quiz, b"another secret of ours") != first.decode()


def test_practice_goes_out_as_it_is_and_says_so(tmp_path: Path) -> None:
    path = built(sample(), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# A quiz to practise with: its answers stand below")
    assert text.endswith(sample().path.read_text(encoding="utf-8"))
    assert load_quiz(path).file.questions[0].explain == sample().file.questions[0].explain


def test_two_options_never_share_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edition, "opaque", lambda *_: "00000000")
    with pytest.raises(CourseError, match="same id"):
        edition.public_file(graded(sample()), SECRET)


def test_what_reads_otherwise_once_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = edition.edition_text(graded(sample()), SECRET).replace("0.85", "0.84")
    monkeypatch.setattr(edition, "edition_text", lambda *_: text)
    with pytest.raises(CourseError, match="reads otherwise"):
        built(graded(sample()), tmp_path)
    assert not (tmp_path / "quizzes" / "every-type.yaml").exists()


# --- the scan -----------------------------------------------------------------------------------------

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
    (tmp_path / "notes.md").write_text(f"ask me\n{quiz.question('bound').explain}", encoding="utf-8")
    with pytest.raises(Leaking) as found:
        hand_out_quizzes([quiz], tmp_path, SECRET)
    (leak,) = found.value.leaks
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
    (leak,) = found.value.leaks
    assert "in what another question shows" in leak


def test_a_field_that_is_new_to_the_key_is_secret_until_it_is_named(tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Wordy(Text):
        remark: str = "the gate that was not there"

    question = sample().question("missing-gate")
    assert isinstance(question, Text)
    wordy = Wordy(**{**vars(question), "prompt": "Name the gate that was not there"})
    quiz = graded(sample(), questions=(*sample().file.questions[:3], wordy))
    path = tmp_path / "quizzes" / "every-type.yaml"
    text = edition.edition_text(quiz, SECRET).replace(
        "prompt: Name", "prompt: The gate that was not there. Name"
    )
    assert "(remark" in find_leaks(tmp_path, {path: text}, quizzes=[quiz])[0]


# --- the secret, and the command ----------------------------------------------------------------------


class Ran(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tiny_copy: Course
) -> Callable[..., Ran]:
    monkeypatch.delenv("GRADER_COURSE", raising=False)
    monkeypatch.delenv(edition.VARIABLE, raising=False)
    path = tiny_copy.root / "quizzes" / "every-type.yaml"
    text = path.read_text(encoding="utf-8").replace("version: 1\n", "version: 1\nmode: graded\n")
    path.write_text(text, encoding="utf-8")

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["grader", "--course", str(tiny_copy.root), *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Ran(int(str(code or 0)), captured.out, captured.err)

    return run


def test_build(run: Callable[..., Ran], tiny_copy: Course, tmp_path: Path) -> None:
    folder = tmp_path / "student"
    ran = run("handout", str(folder), "--quizzes-only")
    assert ran.code == 0
    assert "made a secret in .grader/secret" in ran.out.replace(os.sep, "/")
    assert "every-type                graded       9 questions, without its key" in ran.out
    secret = tiny_copy.root / ".grader" / "secret"
    if os.name == "posix":
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    first = (folder / "quizzes" / "every-type.yaml").read_bytes()
    again = run("handout", str(folder), "--quizzes-only", "--quizzes", "every-type")
    assert "made a secret" not in again.out
    assert (folder / "quizzes" / "every-type.yaml").read_bytes() == first
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["every-type.yaml"]


def test_build_takes_the_secret_of_the_environment(
    run: Callable[..., Ran], tiny_copy: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(edition.VARIABLE, SECRET.decode())
    assert run("handout", str(tmp_path / "student"), "--quizzes-only").code == 0
    assert not (tiny_copy.root / ".grader" / "secret").exists()
    quiz = load_quiz(tiny_copy.root / "quizzes" / "every-type.yaml")
    written = (tmp_path / "student" / "quizzes" / "every-type.yaml").read_text(encoding="utf-8")
    assert written == edition.edition_text(quiz, SECRET)
    monkeypatch.setenv(edition.VARIABLE, "short")
    ran = run("handout", str(tmp_path / "student"), "--quizzes-only")
    assert (ran.code, "at least 16" in ran.err) == (2, True)


def test_build_fails_on_a_leak(run: Callable[..., Ran], tmp_path: Path) -> None:
    folder = tmp_path / "student"
    folder.mkdir()
    (folder / "README.md").write_text("A vector counts as a row; `reshape(-1, 1)` makes a column of it.")
    ran = run("handout", str(folder), "--quizzes-only")
    assert ran.code == 3
    assert "README.md: holds the key of `stack` (explain: “a vect…”)" in ran.err
    assert not (folder / "quizzes").exists()


def test_build_refuses(run: Callable[..., Ran], tiny_copy: Course, tmp_path: Path) -> None:
    before = (tiny_copy.root / "quizzes" / "every-type.yaml").read_bytes()
    ran = run("handout", str(tiny_copy.root), "--quizzes-only")
    assert (ran.code, "the course itself" in ran.err) == (2, True)
    assert (tiny_copy.root / "quizzes" / "every-type.yaml").read_bytes() == before
    ran = run("handout", str(tmp_path / "student"), "--quizzes-only", "--quizzes", "every-tipe")
    assert (ran.code, "every-type" in ran.err) == (2, True)
    assert run("handout", "--quizzes-only").code == 2
    assert run("handout", str(tmp_path / "x"), "--quizzes-only", "--exercises", "exercise-1").code == 2


def test_the_old_spelling_works_and_names_the_new_one(run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = run("quiz", "build", "every-type", "--student", str(tmp_path / "student"))
    assert (ran.code, f"`grader handout {tmp_path / 'student'} --quizzes-only`" in ran.err) == (0, True)
    assert (tmp_path / "student" / "quizzes" / "every-type.yaml").is_file()


def test_build_needs_the_full_course(run: Callable[..., Ran], tiny_copy: Course, tmp_path: Path) -> None:
    path = tiny_copy.root / "quizzes" / "every-type.yaml"
    path.write_text(edition.edition_text(graded(sample()), SECRET), encoding="utf-8")
    ran = run("handout", str(tmp_path / "student"), "--quizzes-only")
    assert (ran.code, "go to the full course" in ran.err) == (3, True)


# --- the schema for editors ---------------------------------------------------------------------------


def test_the_schema_for_editors_is_in_step_with_the_dataclasses() -> None:
    path = ROOT / "quizzes" / FILE
    assert path.read_text(encoding="utf-8") == schema_text(), "run: python -m grader.authoring.quiz_schema"
    jsonschema.Draft202012Validator.check_schema(quiz_schema())


@pytest.mark.parametrize("path", [*REAL, sample().path], ids=lambda path: path.stem)
def test_every_quiz_is_valid_for_editors(path: Path) -> None:
    jsonschema.Draft202012Validator(quiz_schema()).validate(core(yaml.compose(path.read_text("utf-8"))))


def core(node: Any) -> Any:
    """Return what an editor sees: YAML 1.2, where `1e-3` is a number and `no` is a word."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: core(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [core(one) for one in node.value]
    if node.style is None and re.fullmatch(r"[-+]?[0-9]+", node.value):
        return int(node.value)
    if node.style is None and re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", node.value):
        return float(node.value)
    return {"true": True, "false": False}.get(node.value, node.value) if node.style is None else node.value


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("correct: true", "corect: true"),
        ("type: single", "type: singel"),
        ("typos: 1", "typos: one"),
        ("schema: 1", "schema: 2"),
        ("quiz: every-type", "title: Again"),
        ("    answer: '(4, 4)'\n", ""),
        ("confidence: optional", "confidence: perhaps"),
        ("id: bound", "id: The Bound"),
    ],
)
def test_an_editor_sees_a_mistake(old: str, new: str) -> None:
    text = sample().path.read_text(encoding="utf-8")
    assert old in text
    document = core(yaml.compose(text.replace(old, new, 1)))
    assert not jsonschema.Draft202012Validator(quiz_schema()).is_valid(document)


def test_the_schema_explains_keys() -> None:
    schema = quiz_schema()
    assert schema["properties"]["version"]["description"].startswith("raised when a key changes")
    assert set(schema["properties"]) == names(QuizFile)
