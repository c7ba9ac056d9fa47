"""`grader handout --quizzes-only`: the quizzes of a hand-out, the secret, and what is refused."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import VARIABLE, Course
from grader.quiz import files
from grader.quiz.files import load_quiz
from tests.helpers import Ran, run_main
from tests.quiz.helpers import graded, sample

SECRET = b"a secret of the tests' own"


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tiny_copy: Course
) -> Callable[..., Ran]:
    monkeypatch.delenv("GRADER_COURSE", raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    path = tiny_copy.root / "quizzes" / "every-type.yaml"
    text = path.read_text(encoding="utf-8").replace("version: 1\n", "version: 1\nmode: graded\n")
    path.write_text(text, encoding="utf-8")

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["grader", "--course", str(tiny_copy.root), *arguments])
        return run_main(capsys)

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
    monkeypatch.setenv(VARIABLE, SECRET.decode())
    assert run("handout", str(tmp_path / "student"), "--quizzes-only").code == 0
    assert not (tiny_copy.root / ".grader" / "secret").exists()
    quiz = load_quiz(tiny_copy.root / "quizzes" / "every-type.yaml")
    written = (tmp_path / "student" / "quizzes" / "every-type.yaml").read_text(encoding="utf-8")
    assert written == files.edition_text(quiz, SECRET)
    monkeypatch.setenv(VARIABLE, "short")
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
    ran = run("handout", str(tmp_path / "student"), "--quizzes-only", "--quiz", "every-tipe")
    assert (ran.code, "every-type" in ran.err) == (2, True)
    assert run("handout", "--quizzes-only").code == 2
    assert run("handout", str(tmp_path / "x"), "--quizzes-only", "--exercise", "exercise-1").code == 2


def test_build_needs_the_full_course(run: Callable[..., Ran], tiny_copy: Course, tmp_path: Path) -> None:
    path = tiny_copy.root / "quizzes" / "every-type.yaml"
    path.write_text(files.edition_text(graded(sample()), SECRET), encoding="utf-8")
    ran = run("handout", str(tmp_path / "student"), "--quizzes-only")
    assert (ran.code, "go to the full course" in ran.err) == (3, True)


def test_a_wheel_is_built_in_a_clone(
    run: Callable[..., Ran], tiny_copy: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET.decode())
    target = tmp_path / "dist"
    ran = run("handout", str(target), "--wheel")
    assert (ran.code, "has no pyproject.toml; a wheel is built in a clone" in ran.err) == (2, True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (tiny_copy.root / name).write_text("", encoding="utf-8")
    for said, told in (("first\nlast\n\n", "last"), ("", "it gives no reason")):
        pip = subprocess.CompletedProcess([], 1, "", said)
        monkeypatch.setattr(subprocess, "run", lambda *_, pip=pip, **__: pip)
        ran = run("handout", str(target), "--wheel")
        assert (ran.code, ran.err.splitlines()[-1]) == (2, f"grader: pip builds no wheel here: {told}")
    assert not target.exists()
    for other in ("--zip", "--gradescope", "--quizzes-only"):
        assert run("handout", str(target), "--wheel", other).code == 2
