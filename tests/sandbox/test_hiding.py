"""Whose process is closed to student code of the same account: the command line's, never a library user's."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from grader.checks.parallel import Share, map_shares
from grader.cli.group import COMMANDS, KEYLESS
from grader.course import Course

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such switch")
PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
COURSE = Path(__file__).parents[1] / "fixtures" / "course"
AS_A_LIBRARY = """
import os
from grader.sandbox.confinement import PR_SET_DUMPABLE, _prctl, hide_from_others
from grader.sandbox.pool import open_pool
from grader.sandbox.process import start_early

zygote = start_early()  # an ordinary user may not be able to read this interpreter's folder
if os.getuid() == 0:
    os.setgroups([])
    os.setresgid(12345, 12345, 12345)
    os.setresuid(12345, 12345, 12345)
    _prctl(PR_SET_DUMPABLE, 1)  # as it is for a program that was started under this account
worker = open_pool(zygote=zygote).open()
assert worker.load("student", "student.py", b"def f(): return 7", 10.0) == ()
assert worker.call("f", (), 10.0).value == 7
with open("/proc/self/environ") as file:
    assert file.read()
hide_from_others()
try:
    open("/proc/self/environ").close()
except PermissionError:
    print("hidden on demand only", flush=True)
os._exit(0)  # the warm process ends with this one; after the change of account it could not be killed
"""
AS_COMMANDS = """
import ctypes, sys
from grader.cli import main

dumpable = ctypes.CDLL(None).prctl
for arguments in {commands!r}:
    dumpable({set}, 1, 0, 0, 0)
    sys.argv = ["grader", "--course", {course!r}, *arguments]
    try:
        main()
    except SystemExit:
        pass
    print("dumpable:", dumpable({get}, 0, 0, 0, 0))
"""


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def test_a_program_that_uses_the_grader_can_still_read_its_own_environment() -> None:
    assert run(AS_A_LIBRARY) == "hidden on demand only\n"


def test_a_program_that_checks_a_submission_is_left_as_it_is() -> None:
    program = (
        "import ctypes; from pathlib import Path; from grader.course import open_course; "
        "from grader.checks.run import check; from grader.checks.source import read_source; "
        "from grader.sandbox.pool import open_pool; "
        f"exercise = open_course({str(COURSE)!r})['exercise-1']; "
        "pool = open_pool(); report = check(exercise, read_source(exercise), pool=pool); pool.close(); "
        f"print('dumpable:', ctypes.CDLL(None).prctl({PR_GET_DUMPABLE}, 0, 0, 0, 0))"
    )
    assert run(program) == "dumpable: 1\n"


def hidden_by(*commands: list[str], course: Path = COURSE) -> list[bool]:
    """Run commands in one process that was open before each; return whether it was closed after it."""
    numbers = {"get": PR_GET_DUMPABLE, "set": PR_SET_DUMPABLE}
    printed = run(AS_COMMANDS.format(course=str(course), commands=commands, **numbers))
    return [line == "dumpable: 0" for line in printed.splitlines() if line.startswith("dumpable: ")]


def test_the_command_line_hides_itself_where_student_code_runs() -> None:
    commands = (["check", "exercise-1"], ["check", "--confinement", "none", "exercise-1"], ["doctor"])
    assert hidden_by(*commands, ["list"]) == [True, True, True, False]


def test_a_quiz_hides_itself_before_the_first_code_of_an_answer(tiny_copy: Course, tmp_path: Path) -> None:
    commands = []
    for name, answer in (
        ("code-that-runs", "'4: column = x.reshape(-1, 1)'"),
        ("code-that-does-not", "'4: column = ['"),
        ("no-code", ""),
    ):
        answers = tmp_path / f"{name}.yaml"
        answers.write_text(f"stack: [{answer}]\n")
        commands.append(["quiz", "every-type", "--answers", str(answers)])
    assert hidden_by(*commands, course=tiny_copy.root) == [True, True, False]


def test_code_that_is_marked_anew_for_the_credits_hides_the_process(
    tiny_copy: Course, tmp_path: Path
) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("stack: ['4: column = x.reshape(-1, 1)']\n")
    for arguments in (["quiz", "every-type", "--answers", str(answers)], ["credits"]):
        assert hidden_by(arguments, course=tiny_copy.root) == [True]
        quiz = tiny_copy.root / "quizzes" / "every-type.yaml"
        quiz.write_text(quiz.read_text().replace("version: 1", "version: 99"))


def test_what_of_a_quiz_holds_its_key_is_hidden() -> None:
    assert hidden_by(["quiz", "grade", "--help"]) == [True]


def test_every_command_with_keys_is_hidden() -> None:
    assert set(COMMANDS) > KEYLESS
    assert not KEYLESS & {"check", "watch", "debug", "plot", "quiz", "grade", "handout", "verify", "submit"}


def is_dumpable(item: str, share: Share) -> int:
    return int(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))


def test_processes_that_share_the_work_are_hidden() -> None:
    assert list(map_shares(is_dumpable, ["exercise-1"], jobs=2, shares=2)) == [[0, 0]]
