"""The public API: its thirteen names, what importing it costs, and the examples of docs/api.md."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import grader
from grader.classroom.gradebook import open_gradebook
from grader.course import Course

ROOT = Path(__file__).resolve().parents[1]


def python(program: str) -> str:
    """Run a program in a process of its own; return what it printed."""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return run.stdout


def test_there_are_thirteen_names_and_each_is_there() -> None:
    assert len(grader.__all__) == 13
    assert {*grader.__all__} <= {*dir(grader)}
    for name in grader.__all__:
        assert getattr(grader, name)
    with pytest.raises(AttributeError, match="has no attribute 'find_course'"):
        getattr(grader, "find_" + "course")


def test_importing_it_loads_nothing_that_takes_time() -> None:
    heavy = ["numpy", "pytest", "click", "yaml", "watchfiles", "jinja2", "rich"]
    program = f"import sys, grader; print(grader.__all__, [one for one in {heavy} if one in sys.modules])"
    assert python(program).endswith("] []\n")


def test_checking_and_debugging_load_no_watcher_and_no_templates() -> None:
    program = (
        "import sys, grader, grader.checks.debug, grader.cli.check, grader.cli.debug; grader.check\n"
        "print([one for one in ('watchfiles', 'jinja2', 'matplotlib') if one in sys.modules])"
    )
    assert python(program) == "[]\n"


@pytest.mark.slow
def test_the_examples_of_the_page_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("exercises", "solutions", "examples"):  # links would be refused
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "course.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    page = (
        (ROOT / "docs" / "api.md")
        .read_text(encoding="utf-8")
        .replace("```python\n", "")
        .replace("```\n", "\n")
    )
    example = doctest.DocTestParser().get_doctest(page, {"results": tmp_path / "results"}, "api.md", None, 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    assert runner.run(example, out=said.append).attempted > 10
    assert not said, "".join(said)


def test_the_students_edition_says_what_it_is_without() -> None:
    program = (
        "import sys, grader, json\nsaid = {}\n"
        "sys.modules |= {'grader.classroom': None, 'grader.authoring': None}\n"
        "for name in grader.__all__:\n"
        "    try: getattr(grader, name)\n"
        "    except AttributeError as error: said[name] = str(error)\n"
        "print(json.dumps(said))"
    )
    assert json.loads(python(program)) == {
        name: f"this is the students' edition, without `grader.{name}`; go to the full course"
        for name in ("grade", "verify")
    }


def test_an_import_that_fails_for_another_reason_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delitem(sys.modules, "grader.numeric")
    with pytest.raises(ModuleNotFoundError, match="numpy"):
        _ = grader.assert_close
    monkeypatch.undo()
    importlib.import_module("grader.numeric")


def test_two_threads_may_check_at_once(tiny: Course) -> None:
    exercise = tiny["exercise-1"]
    submissions = [tiny.root / "solutions", tiny.root / "exercises"] * 2
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(lambda path: grader.check(exercise, path, seed=1), submissions))
    assert [report.earned for report in reports] == [7, 0, 7, 0]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_program_that_checks_stays_open_to_its_owner() -> None:
    """Only the command line makes itself undumpable; a notebook must not be locked out of its own process."""
    program = (
        "import ctypes, grader\n"
        "course = grader.open_course('tests/fixtures/course')\n"
        "report = grader.check(course['exercise-1'], course.root / 'solutions')\n"
        "print(report.passed, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE
    )
    assert python(program) == "True 1\n"


def run_script(folder: Path, course: Course, *calls: str) -> str:
    """Run a file that calls the grader and prints what that returns; return what it printed."""
    prints = "".join(f"print(grader.{call})\n" for call in calls)
    begin = f"import grader\ncourse = grader.open_course({str(course.root)!r})\n"
    (folder / "script.py").write_text(f"{begin}print('begun')\n{prints}")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_script_needs_no_guard_for_what_starts_processes(tiny_copy: Course, tmp_path: Path) -> None:
    """No process runs the script again."""
    handed_in = tmp_path / "class" / "ada" / "exercise-1" / "doubling.py"
    handed_in.parent.mkdir(parents=True)
    shutil.copy(tiny_copy["exercise-1"].solution_path, handed_in)
    calls = "grade(course, 'class', 'results', confinement='best')", "verify(course, jobs=2)"
    printed = run_script(tmp_path, tiny_copy, *calls)
    assert printed.startswith("begun\nClassGrades(")
    assert "\n[Findings(" in printed
    assert printed.count("begun") == 1
    with open_gradebook(tmp_path / "results") as book:
        (ada,) = book.class_grades(tiny_copy).grades
    assert ada.cents == 100 * tiny_copy["exercise-1"].file.credits
