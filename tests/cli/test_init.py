"""`grader init`: what a course folder has, what is refused and what comes along, what to type next."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from grader import __version__
from grader.authoring.handout import build_handout
from grader.cli import handout
from grader.course import Course, open_course
from tests.helpers import Ran, Run, run_main

SETTINGS = ".vscode/settings.json"
SECRET = b"a secret of the tests' own"
RIGHT = "def double(x):\n    return 2 * x\n"


@pytest.fixture(scope="module")
def packed(tiny: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The students' edition as a wheel installs it."""
    folder = tmp_path_factory.mktemp("site") / "rnn_course"
    build_handout(tiny, folder, SECRET, program=False)
    (folder / "__init__.py").write_text('"""No code."""\n')
    (folder / "exercises" / "__pycache__").mkdir()
    (folder / "exercises" / "__pycache__" / "doubling.pyc").write_bytes(b"pip compiles what it installs")
    return folder


@pytest.fixture
def run(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command in an empty folder, with the course installed."""
    monkeypatch.setattr(handout, "PACKED", packed)
    for name in ("UV", "GRADER_COURSE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*arguments: str, typed: str | None = None) -> Ran:
        monkeypatch.setattr(sys, "argv", ["grader", *arguments])
        return run_main(capsys)

    return run


def installed_from(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program look installed from there, as pip and uv write it down."""

    class Distribution(importlib.metadata.PathDistribution):
        def read_text(self, filename: str | os.PathLike[str]) -> str | None:
            return json.dumps({"url": url, "archive_info": {}}) if url else None

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Distribution(Path()))


def content(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_course_folder_has_the_course_and_what_an_editor_needs(run: Run, packed: Path) -> None:
    ran = run("init", "my course")
    assert (ran.code, ran.err) == (0, "")
    made, given = content(Path("my course")), content(packed)
    assert {name for name in given if name not in made} == {
        "__init__.py",
        "exercises/__pycache__/doubling.pyc",
    }
    assert set(made) - set(given) == {"requirements.txt"}
    assert {name for name in made if made[name] != given.get(name)} == {"requirements.txt", SETTINGS}
    assert json.loads(made[SETTINGS])["python.defaultInterpreterPath"] == sys.executable
    readme = [line for line in made["README.md"].decode().splitlines() if line]
    assert len(readme) == 5
    assert open_course("my course").handout


def test_it_says_what_to_type_next(run: Run) -> None:
    ran = run("init", "my course")
    assert ran.out.startswith("my course is ready. What to type next:\n\n")
    commands = [line.strip() for line in ran.out.splitlines() if line.startswith("    ")]
    program = "grader" if shutil.which("grader") else str(Path(sys.executable).with_name("grader"))
    assert commands == ["cd 'my course'", program]


def test_where_uv_keeps_nothing_an_environment_comes_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV", "uv")
    commands = [line.strip() for line in run("init", "c").out.splitlines() if line.startswith("    ")]
    activate = ". .venv/bin/activate" if os.name == "posix" else r".venv\Scripts\activate"
    assert commands == ["cd c", "uv venv", "uv pip install -r requirements.txt", activate, "grader"]
    assert "${workspaceFolder}/.venv" in Path("c", SETTINGS).read_text()


def test_an_empty_folder_can_be_filled_where_one_stands(run: Run) -> None:
    ran = run("init", ".")
    assert (ran.code, "cd " in ran.out) == (0, False)
    assert run("list").code == 0


def test_its_commands_run_there(run: Run, tiny: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", "c")
    monkeypatch.chdir("c")
    assert "not written yet" in run("check", "1").out
    shutil.copy(tiny["exercise-1"].solution_path, "exercises/exercise-1/doubling.py")
    assert run("check", "1").code == 0
    assert run("login", "Ada").code == 0
    assert run("submit").code == 0
    assert list(Path().glob("submission-*.zip"))


@pytest.mark.parametrize("name", ["notes.txt", ".hidden"])
def test_a_folder_that_is_not_empty_is_refused(run: Run, name: str) -> None:
    Path("c").mkdir()
    Path("c", name).write_text("mine")
    ran = run("init", "c")
    assert (ran.code, ran.err) == (2, "grader: c is not empty; name a folder that is new or empty\n")
    assert content(Path("c")) == {name: b"mine"}
    assert run("init", str(Path("c", name))).code == 2


def test_a_second_time_in_the_same_folder_goes_on(run: Run) -> None:
    run("init", "c")
    Path("c/exercises/exercise-1/doubling.py").write_text(RIGHT)
    before = content(Path("c"))
    ran = run("init", "c")
    assert (ran.code, ran.err) == (2, "grader: c is this course already; go there and type `grader`\n")
    assert content(Path("c")) == before


def test_an_earlier_edition_says_how_to_go_on_and_its_work_comes_along(
    run: Run, packed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("init", "old")
    for path in Path("old/recorded").rglob("*.bin"):
        path.write_bytes(path.read_bytes()[:-1])  # another edition
    shutil.copytree("old", tmp_path / "untouched")
    Path("old/exercises/exercise-1/doubling.py").write_text(RIGHT)
    Path("old/.grader").mkdir()
    Path("old/.grader/earned").write_text("5")
    before = content(Path("old"))
    ran = run("init", "old")
    assert (ran.code, "name a new folder and add `--from old`, and your work comes along" in ran.err) == (
        2,
        True,
    )
    assert run("init", "new", "--from", "old").code == 0
    assert content(Path("old")) == before
    assert Path("new/exercises/exercise-1/doubling.py").read_text() == RIGHT
    assert Path("new/.grader/earned").read_text() == "5"
    assert run("init", "fresh", "--from", str(tmp_path / "untouched")).code == 0
    assert (
        content(Path("fresh"))["exercises/exercise-1/doubling.py"]
        == (packed / "exercises/exercise-1/doubling.py").read_bytes()
    )


def test_what_cannot_be_written_leaves_nothing_behind(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: str, target: str) -> NoReturn:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    ran = run("init", "c")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("grader: c cannot be written: ")
    assert not Path("c").exists()


def test_a_clone_builds_what_no_wheel_has_installed(
    run: Run, tiny_copy: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handout, "PACKED", tiny_copy.root / "rnn_course")
    monkeypatch.setenv("GRADER_SECRET", SECRET.decode())
    assert run("init", "c").code == 0
    assert not {path.name for path in Path("c").rglob("*") if "hidden" in path.name or path.name == "grader"}
    assert open_course("c").handout
    monkeypatch.setattr(handout, "PACKED", tmp_path / "nothing" / "rnn_course")
    ran = run("init", "d")
    assert (ran.code, f"carries no course; `{handout.RUN} init DIR` writes one" in ran.err) == (2, True)
    assert run("--course", "c", "init", "d").code == 2  # a hand-out tells no answers
    assert not Path("d").exists()


def test_the_folder_says_by_what_the_program_is_installed(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = tmp_path / "a folder" / "rnn_grader-9-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"a wheel")
    for number, (url, wanted) in enumerate(
        {
            wheel.as_uri(): f"./{wheel.name}",
            (tmp_path / "gone.whl").as_uri(): f"rnn-grader @ {(tmp_path / 'gone.whl').as_uri()}",
            tmp_path.as_uri(): f"rnn-grader @ {tmp_path.as_uri()}",
            "": f"rnn-grader=={__version__}",
        }.items()
    ):
        installed_from(url, monkeypatch)
        assert run("init", f"c{number}").code == 0
        assert Path(f"c{number}/requirements.txt").read_text() == f"{wanted}\n"
    assert Path("c0", wheel.name).read_bytes() == b"a wheel"


def test_where_there_is_no_course_it_is_named(run: Run) -> None:
    ran = run()
    assert (ran.code, ran.err.strip().endswith("; `grader init DIR` writes one")) == (2, True)
