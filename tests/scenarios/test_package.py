"""What is released: the whole course in a wheel, from an empty folder to what is handed in; containers."""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from grader.authoring.handout import build_handout
from grader.authoring.leaks import find_leaks, flat, secrets_of, texts_of
from grader.authoring.verify import solution_source
from grader.classroom.gradebook import open_gradebook
from grader.course import Course, Exercise, open_course
from grader.progress.grades import Grade
from grader.quiz.files import all_quizzes
from tests.helpers import run_main
from tests.test_packaging import containerfile

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret of the tests' own"
LONG = os.environ.get("GRADER_LONG") == "1"
COSTLY = ("exercise-11", "exercise-13", "exercise-17")  # to record take longer than all others together
SCRIPTS = "Scripts" if os.name == "nt" else "bin"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="the commands are for a POSIX shell"),
]


def shell(line: str, folder: Path, *programs: Path, wanted: tuple[int, ...] = (0,), typed: str = "") -> str:
    """Run a line as a person types it: without this project, its environment and its clone on any path."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("PYTHON", "GRADER", "VIRTUAL"))
    }
    theirs = Path(sys.executable).parent
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if Path(path) != theirs]
    # Written this way, pip does not compile what it installs, most of which nobody imports.
    kept |= {"PATH": os.pathsep.join([*map(str, programs), *paths]), "PIP_NO_COMPILE": "0"}
    kept |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    ran = subprocess.run(
        line,
        shell=True,
        cwd=folder,
        env=kept,
        input=typed,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode in wanted, f"{line}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
    assert not re.search("Traceback|the grader itself broke", ran.stdout + ran.stderr), line
    return ran.stdout + ran.stderr


@pytest.fixture
def chosen(course: Course) -> list[Exercise]:
    """The exercises that go out."""
    return [exercise for exercise in course.exercises() if LONG or exercise.id not in COSTLY]


@pytest.fixture
def wheel(
    chosen: list[Exercise],
    libraries: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Path:
    """The wheel with the course, built by the command."""
    monkeypatch.setenv("GRADER_SECRET", SECRET)
    monkeypatch.setattr("grader.authoring.leaks.flat", functools.cache(flat))  # looked through twice
    command = ["grader", "--course", str(ROOT), "handout", str(tmp_path / "dist"), "--wheel"]
    if not LONG:
        command += [word for exercise in chosen for word in ("--exercise", exercise.id)]
        monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # means that pip builds with what is there
        monkeypatch.setenv("PYTHONPATH", str(libraries))
    monkeypatch.setattr(sys, "argv", command)
    ran = run_main(capsys)
    assert ran.code == 0, ran.err
    (found,) = (tmp_path / "dist").iterdir()
    return found


def test_from_an_empty_folder_to_what_is_handed_in(
    wheel: Path, course: Course, chosen: list[Exercise], lending: Path, tmp_path: Path
) -> None:
    """In .ci/long its libraries come from an index; else the environment has them, and no others, already."""
    assert_no_answer(wheel, course, chosen, tmp_path / "unpacked")
    empty = tmp_path / "a new folder"
    empty.mkdir()
    python = shutil.which("python3") if LONG else lending / "python3"
    shell(f"{python} -m venv rnn && rnn/bin/python -m pip install -q {shlex.quote(str(wheel))}", empty)
    told = shell("rnn/bin/rnn-grader init 'my course'", empty)
    home, programs = empty / "my course", empty / "rnn" / SCRIPTS
    (enter, start) = (line.strip() for line in told.splitlines() if line.startswith("    "))
    assert enter == "cd 'my course'"
    assert "exercise-1" in shell(f"{enter} && {shlex.quote(start)}", empty)  # without a terminal it lists
    assert_commands_run(course, chosen, home, programs)
    assert_container_sets_it_up(home, empty, lending)


def assert_no_answer(wheel: Path, course: Course, chosen: list[Exercise], folder: Path) -> None:
    """Look through what the wheel holds, as through any hand-out."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"grader", "rnn_course"}
    packed = folder / "rnn_course"
    texts, quizzes = texts_of(packed), all_quizzes(course)
    assert find_leaks(packed, texts, secrets_of(course), course.shown, quizzes, SECRET) == []
    program = texts_of(folder / "grader")
    solutions = [path.read_text(encoding="utf-8") for path in (ROOT / "solutions").glob("*/*.py")]
    assert not [path for path, text in program.items() if text in solutions]
    assert [one.id for one in open_course(packed).exercises()] == [one.id for one in chosen]
    assert wheel.stat().st_size < 16 * 2**20


def assert_commands_run(course: Course, chosen: list[Exercise], home: Path, programs: Path) -> None:
    """Write a solution over every stub, and run what a student runs."""
    shell("grader login 'Ada Lovelace'", home, programs)
    assert "not written yet" in shell("grader check 1", home, programs, wanted=(1,))
    first = home / "exercises" / "exercise-1" / "rnn_step.py"
    stub = first.read_text(encoding="utf-8")
    first.write_text(stub.replace("raise NotImplementedError", "return h_prev"), encoding="utf-8")
    assert "debug_exercise_1.py" in shell("grader debug 1", home, programs)
    for line in ("show --text 1", "hint 1", "show --text 12", "show faq", "quiz gates < /dev/null"):
        shell(f"grader {line}", home, programs, wanted=(0, 75))
    for exercise in chosen:
        shutil.copy(exercise.solution_path, home / exercise.stub_path.relative_to(course.root))
    count = len(chosen)
    assert f"{count} of {count} exercises are done" in shell("grader check --all", home, programs)
    assert "gates" in shell("grader quiz", home, programs)
    assert "every exercise is done" in shell("grader list", home, programs)
    shell("grader submit -o handed-in.zip", home, programs)
    with zipfile.ZipFile(home / "handed-in.zip") as bundle:
        modules = {Path(name).name for name in bundle.namelist() if name.endswith(".py")}
    assert modules == {exercise.stub_path.name for exercise in chosen}


def assert_container_sets_it_up(home: Path, empty: Path, image: Path) -> None:
    """Move the folder away, set it up by the container's own command, and run an editor's tasks."""
    moved = home.rename(empty / "moved")
    container = json.loads((moved / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    shell(container["postCreateCommand"], moved, image)
    interpreter = moved / ".venv" / SCRIPTS / "python"
    for task in json.loads((moved / ".vscode" / "tasks.json").read_text(encoding="utf-8"))["tasks"]:
        if task["label"] == "check":
            assert "done" in shell(shlex.join([str(interpreter), *task["args"]]), moved)
    assert "exercise-1" in shell(". .venv/bin/activate && grader", moved)


def test_a_hand_out_installs_and_runs_where_nothing_else_is(
    tiny: Course, lending: Path, tmp_path: Path
) -> None:
    """In .ci/long its libraries come from an index; else the environment has them, and no others, already."""
    home, scripts = tmp_path / "home", tmp_path / "home" / "venv" / SCRIPTS
    build_handout(tiny, home, SECRET.encode())
    assert needed(home / "pyproject.toml") == needed(ROOT / "pyproject.toml")
    python = shutil.which("python3") if LONG else lending / "python3"
    shell(f"{python} -m venv venv && venv/bin/python -m pip install -q .", home)
    told = shell("grader check --all", home, scripts, wanted=(1,))
    assert ("0 of 5 credits" in told, "not written yet" in told) == (True, True)
    stub = open_course(home)["exercise-1"].stub_path
    stub.write_bytes(solution_source(tiny["exercise-1"]).data)
    assert "5 of 5 credits" in shell("grader check --all", home, scripts)
    assert "every-type" in shell("grader quiz", home, scripts)
    shell("grader login 'Ada Lovelace'", home, scripts)
    shell("grader quiz every-type", home, scripts, wanted=(0, 1, 75), typed="1\n" * 60)
    (tmp_path / "class").mkdir()
    told = shell(f"grader submit -o {shlex.quote(str(tmp_path / 'class' / 'ada.zip'))}", home, scripts)
    assert "still the stub" not in told
    earned = json.loads(shell("grader credits --format json", home, scripts))
    quiz = sum(row["earned_cents"] for row in earned["rows"] if row["kind"] == "quiz")
    grade = graded(tiny, tmp_path)
    assert (grade.learner_name, grade.problem) == ("Ada Lovelace", "")
    assert grade.reports[0].earned == tiny["exercise-1"].file.credits
    assert sum(one.earned_cents for one in grade.quizzes) == quiz > 0
    paths = (path.relative_to(home).as_posix() for path in home.rglob("*"))
    names = [path for path in paths if not re.match("grader/|build/lib/grader/|venv/", path)]
    assert not [name for name in names if re.search("hidden|misconception|solution", name)]


def needed(about: Path) -> set[Requirement]:
    """Return the libraries that a `pyproject.toml` names."""
    return set(map(Requirement, tomllib.loads(about.read_text(encoding="utf-8"))["project"]["dependencies"]))


def graded(course: Course, folder: Path) -> Grade:
    """Grade a class of one as `grader grade` does."""
    environment = {**os.environ, "GRADER_SECRET": SECRET}
    command = [sys.executable, "-m", "grader", "--course", str(course.root), "grade", str(folder / "class")]
    subprocess.run([*command, "-o", str(folder / "results")], env=environment, check=True, timeout=900)
    with open_gradebook(folder / "results") as book:
        (grade,) = book.class_grades(course).grades
    return grade


def test_the_commands_of_the_container_for_instructors_run(lending: Path, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    for word, rest in containerfile():
        if word == "COPY":
            *sources, target = shlex.split(rest)
            for source in sources:
                if (ROOT / source).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / source, folder / target, ignore=ignored)
                else:
                    shutil.copy(ROOT / source, folder / target)
        elif word == "RUN":
            shell(rest, folder, lending)
        elif word == "ENV":
            variables = rest.replace("/course", str(folder))
    (entry,) = (json.loads(rest) for word, rest in containerfile() if word == "ENTRYPOINT")
    (tmp_path / "class").mkdir()
    shutil.copytree(
        ROOT / "examples" / "submissions" / "typical-mistakes", tmp_path / "class" / "submissions" / "ada"
    )
    line = f"export {variables}; {shlex.join(entry)}"
    assert "For instructors" in shell(f"{line} --help", tmp_path / "class")
    told = shell(
        f"{line} grade submissions -o results --exercise exercise-1", tmp_path / "class", wanted=(0, 1)
    )
    assert (tmp_path / "class" / "results" / "students").is_dir(), told
    if LONG:  # a hand-out's program is asked as well
        assert "seccomp" in shell(f"{line} doctor", tmp_path / "class", wanted=(0, 1))
