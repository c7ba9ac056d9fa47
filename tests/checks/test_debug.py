"""`grader debug`: the program asks what was asked, and reproduces the failure."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grader.checks.collection import CheckSuite, load_suite
from grader.course import Course, Exercise, open_course
from tests.helpers import Run, solve

ROOT = Path(__file__).resolve().parents[2]
WRONG = "return x + 1"
PROGRAM = "debug_exercise_1.py"


def run_through(program: Path, then: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program without stopping in the debugger, and something after it, which sees its names."""
    code = (
        f"import pdb; pdb.runcall = lambda call, *given: call(*given)\nexec(open({program.name!r}).read())\n"
    )
    run = [sys.executable, "-c", code + then]
    return subprocess.run(run, cwd=program.parent, capture_output=True, text=True, check=False)


def test_the_program_reproduces_the_wrong_answer(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, function=WRONG)
    ran = run("debug", "exercise-1", "check_double_values", "--seed", "1")
    assert ran.code == 0
    program = tiny_copy.root / PROGRAM
    assert "# The shapes should be: y (4, 3)" in program.read_text(encoding="utf-8")
    told = re.search(r"at (\[.*\]): yours is (\S+),", " ".join(ran.out.split()))
    assert told
    assert run_through(program, f"print(f'{{result{told[1]}:.6g}}')").stdout.split()[-1] == told[2]


def test_the_program_stops_at_the_first_line_of_the_function(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, function=WRONG)
    run("debug", "exercise-1", "check_double_values")
    at_the_prompt = subprocess.run(
        [sys.executable, PROGRAM], cwd=tiny_copy.root, input="p x.shape\nc\n", capture_output=True, text=True
    )
    assert at_the_prompt.returncode == 0, at_the_prompt.stderr
    assert "return x + 1" in at_the_prompt.stdout
    assert "(4, 3)" in at_the_prompt.stdout


def test_the_file_holds_the_inputs_and_no_expected_value(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, scale="return x")
    assert run("debug", "exercise-1", "scale_values", "-o", "elsewhere/mine.py").code == 2
    (tiny_copy.root / "elsewhere").mkdir()
    assert run("debug", "exercise-1", "scale_values", "-o", "elsewhere/mine.py").code == 0
    with np.load(tiny_copy.root / ".grader/debug_exercise_1.npz", allow_pickle=False) as given:
        assert set(given) == {"x", "pair.factor", "pair.offset"}
        assert given["pair.factor"].shape == (1, 3)
    assert run_through(tiny_copy.root / "elsewhere/mine.py").returncode == 0


def test_without_a_name_the_first_failing_check_is_meant(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, scale="return x")
    assert run("debug", "exercise-1").out.startswith("check_scale_values: The doubled array")
    solve(tiny_copy)


def test_a_passing_check_writes_nothing(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    for name in ("check_double_values", None):
        ran = run("debug", "exercise-1", *([name] if name else []))
        assert ran.code == 0
        assert "passes; there is nothing to debug" in ran.out
    assert not (tiny_copy.root / PROGRAM).exists()


def test_a_stub_is_not_written_yet(run: Run, tiny_copy: Course) -> None:
    ran = run("debug", "exercise-1", "double_values")
    assert ran.code == 1
    assert "`double` is not written yet" in ran.out
    assert not (tiny_copy.root / PROGRAM).exists()


@pytest.mark.parametrize(
    ("text", "says"), [("def double(x", "is not Python yet"), ("", "defines no function `double`")]
)
def test_a_file_without_the_function_is_told(run: Run, tiny_copy: Course, text: str, says: str) -> None:
    tiny_copy["exercise-1"].stub_path.write_text(text, encoding="utf-8")
    ran = run("debug", "exercise-1", "double_values")
    assert ran.code == 1
    assert says in ran.out
    assert not (tiny_copy.root / PROGRAM).exists()


def test_a_skipped_check_names_what_it_waits_for(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, function=WRONG)
    ran = run("debug", "exercise-1", "check_double_leaves_arguments_alone")
    assert ran.code == 1
    assert "waits for “Every entry is taken twice”" in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check_scale_other_sizes"], "is a hidden check; what it asks is not shown"),
        (["check_double_value"], "did you mean check_double_values?"),
        (["check_scale_value"], "did you mean check_scale_values"),
        (["qqq"], "it has check_double_values, check_double_leaves_arguments_alone, check_scale_values"),
        (["double_values", "-o", "double.npz"], "double.npz should end in .py"),
        (["double_values", "-o", "nowhere/a.py"], "cannot be written"),
    ],
)
def test_wrong_usage_is_one_sentence(run: Run, tiny_copy: Course, arguments: list[str], says: str) -> None:
    solve(tiny_copy, function=WRONG)
    ran = run("debug", "exercise-1", *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1


def test_inputs_of_a_call_that_ends_the_process_are_kept(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, function="import os; os._exit(5 if x.any() else 0)")
    ran = run("debug", "exercise-1", "double_values")
    assert "ended the whole process with exit status 5" in ran.out
    assert run_through(tiny_copy.root / PROGRAM).returncode == 5


COMPARE = """
def numbers(value):
    if isinstance(value, (tuple, list)):
        return [number for one in value for number in numbers(one)]
    return [np.linalg.norm(value)]
import importlib.util
spec = importlib.util.spec_from_file_location("right", {path!r})
right = importlib.util.module_from_spec(spec)
spec.loader.exec_module(right)
print(np.allclose(numbers(result), numbers({line})))
"""


@pytest.mark.parametrize(
    ("number", "old", "new", "check"),
    [
        (6, "(factor * one for", "(-2 * factor * one for", "clip_by_global_norm_of_long_gradients"),
        (10, "dh = dhs[t] + dh_next", "dh = dhs[t]", "lstm_backward_dxs"),
        pytest.param(
            *(11, "p - lr * mean_hat", "p + lr * mean_hat", "adam_step_values"), marks=pytest.mark.slow
        ),
        pytest.param(
            *(11, "for step in range(steps):", "for step in range(steps - 1):", "train_toy_losses"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_every_kind_of_argument_is_rebuilt(
    run: Run, tmp_path: Path, number: int, old: str, new: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def that_check(exercise: Exercise, seed: int) -> CheckSuite:
        suite = load_suite(exercise, seed)
        found = next(one for one in suite.checks if one.name == f"check_{check}")
        kept = [one for one in suite.checks if one == found or one.name in found.depends_on]
        return dataclasses.replace(suite, checks=tuple(kept))

    monkeypatch.setattr("grader.checks.debug.load_suite", that_check)  # others train, and are not asked about
    root = tmp_path / "real"
    for part in ("exercises", "solutions"):
        shutil.copytree(ROOT / part, root / part)
    shutil.copy(ROOT / "course.yaml", root)
    course = open_course(root)
    exercise = course[f"exercise-{number}"]
    for one in (exercise, *exercise.used):
        shutil.copy(one.solution_path, one.stub_path)
    text = exercise.solution_path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    exercise.stub_path.write_text(text.replace(old, new), encoding="utf-8")
    ran = run("--course", str(root), "debug", exercise.id, check, "--seed", "2")
    assert ran.code == 0
    program = root / f"debug_exercise_{number}.py"
    call = re.search(r"result = (mine\..*)", program.read_text(encoding="utf-8"))
    assert call
    compare = COMPARE.format(path=str(exercise.solution_path), line=call[1].replace("mine.", "right."))
    through = run_through(program, compare)
    assert through.stdout.split()[-1] == "False", f"the solution answers in another way; {through.stderr}"


def test_a_class_is_debugged_through_what_the_stub_gives(
    run: Run, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "whole"
    leave = shutil.ignore_patterns("__pycache__", "*.svg", "*.png")
    shutil.copytree(course.root / "exercises", folder / "exercises", ignore=leave)
    shutil.copy(course.root / "course.yaml", folder)
    for number in (2, 8, 14):
        solved = course[f"exercise-{number}"]
        shutil.copytree(solved.solution_folder, folder / "solutions" / solved.id, ignore=leave)
        shutil.copy(solved.solution_path, folder / "exercises" / solved.id)
    networks = folder / "exercises/exercise-14/networks.py"
    networks.write_text(networks.read_text("utf-8").replace("return y, h, c", "return h, y, c"), "utf-8")
    monkeypatch.chdir(folder)
    ran = run("debug", "exercise-14", "check_LSTM_forward_values")
    assert "LSTM.forward answers y, h and c" in " ".join(ran.out.split())
    shapes = "print(*(part.shape for part in result[0]))"
    assert (
        run_through(folder / "debug_exercise_14.py", shapes).stdout.splitlines()[-1] == "(5, 1) (2, 1) (5, 1)"
    )
