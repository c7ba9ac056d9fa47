"""The commands that a lesson names work for its exercise, in a hand-out as well."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from grader.authoring.handout import build_handout
from grader.course import Course, open_course
from tests.content.test_documents import command_lines, unknown
from tests.content.test_lessons import PAGES, name
from tests.helpers import run_main, unsearched

SECRET = b"a secret of the tests' own"
SAMPLE = {"exercise-16"}  # of those with a plot one that uses others; .ci/long runs them all


def named(text: str) -> list[list[str]]:
    """Return the commands of a lesson, without what stands beside them as their meaning."""
    places = ("check", "hint", "plot", "show", "debug", "list", "credits")
    lines = [words for words in command_lines(text) if words[0] in places]
    return [words[:1] if words[0] in ("list", "credits") else words[:2] for words in lines]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_lesson_names_commands_that_exist_and_its_own_exercise(path: Path, course: Course) -> None:
    text = path.read_text(encoding="utf-8")
    pages = {page.stem for page in PAGES if page.stem != "lesson"}
    for words in command_lines(text):
        assert unknown(words) == []
    commands = named(text)
    for command, *argument in commands:
        if command == "show":
            assert argument[0] in pages | {*course.exercise_ids()}
        elif argument:
            assert argument[0] == path.parent.name
    if path.stem == "lesson":
        assert [["check", path.parent.name], ["hint", path.parent.name]] == commands[:2]
        plots = [*path.parent.glob("plot_*.py")]
        assert (["plot", path.parent.name] in commands) == bool(plots)


@pytest.mark.slow
def test_in_a_hand_out_they_work(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib, the extra `plot`")
    everything = os.environ.get("GRADER_LONG") == "1"
    chosen = [one for one in course.exercises() if everything or one.id in SAMPLE]
    going = sorted({one.id for one in chosen} | {used for one in chosen for used in one.file.uses})
    with unsearched():
        build_handout(course, tmp_path / "out", SECRET, exercises=tuple(going), program=False)
    home = open_course(tmp_path / "out")
    for one in going:
        shutil.copy(course[one].solution_path, home[one].stub_path)
    monkeypatch.chdir(home.root)
    for exercise in chosen:
        for words in named(home[exercise.id].lesson_path.read_text(encoding="utf-8")):
            if words[0] == "show" and words[1] not in going and words[1].startswith("exercise"):
                continue
            monkeypatch.setattr(sys, "argv", ["grader", *words])
            ran = run_main(capsys)
            assert (ran.code, ran.err) == (0, ""), words
    assert len([*home.root.glob("*.svg")]) == sum(
        ["plot", one.id] in named(one.lesson_path.read_text(encoding="utf-8")) for one in chosen
    )
