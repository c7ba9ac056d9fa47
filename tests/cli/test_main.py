"""The commands, as a user meets them: output, exit codes, one sentence for every error."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import grader.reports
from grader.cli import COMMANDS, show
from grader.course import Course, make_stub
from grader.progress import open_ledger
from tests.helpers import Run, solve

SCHEMA = json.loads((Path(grader.reports.__file__).parent / "schema.json").read_text(encoding="utf-8"))


# --- check --------------------------------------------------------------------------------------------


def test_check_on_the_stub(run: Run) -> None:
    ran = run("check", "exercise-1")
    assert ran.code == 1
    assert "0 of 7 credits" in ran.out
    assert ran.out.count("not written yet") == 2
    assert len(ran.out.splitlines()) <= 1 + 2 * 3 + 2  # a heading, three lines a function, what to do next


def test_check_on_the_solution(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    ran = run("check", "exercise-1")
    assert ran.code == 0
    assert "7 of 7 credits" in ran.out


def test_a_wrong_lower_function_does_not_spoil_the_upper_one(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, function="return 3 * x")
    report = json.loads(run("check", "exercise-1", "--format", "json").out)["reports"][0]
    passed: dict[str, set[str]] = {function: set() for function in ("double", "scale")}
    for one in report["outcomes"]:
        passed[one["function"]].add(one["status"])
    assert passed == {"double": {"failed", "skipped"}, "scale": {"passed"}}


def test_a_wrong_array_takes_few_lines_and_gives_nothing_away(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, function="return x + 1e-3")
    ran = run("check", "exercise-1")
    assert ran.code == 1
    assert "`y` is off in" in ran.out
    assert max(len(part.splitlines()) for part in ran.out.split("  ✗ ")) <= 12
    assert "array(" not in ran.out


@pytest.mark.parametrize("name", ["exercise-2", "exercice-1", "2"])
def test_check_of_an_unknown_exercise(run: Run, name: str) -> None:
    ran = run("check", name)
    assert ran.code == 2
    assert "there is no exercise" in ran.err
    assert "exercise-1" in ran.err


def test_check_of_a_broken_course(run: Run, tiny_copy: Course) -> None:
    path = tiny_copy.root / "exercises/exercise-1/exercise.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("credits: 7", "credit: 7"), encoding="utf-8")
    ran = run("check", "exercise-1")
    assert ran.code == 3
    assert "exercises/exercise-1/exercise.yaml:7:1: unknown key `credit`; did you mean `credits`?" in ran.err


def test_check_with_a_broken_reference_is_not_the_students_fault(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    path = tiny_copy.root / "solutions/exercise-1/doubling.py"
    text = path.read_text(encoding="utf-8").replace("return 2 * x", "return 2 * undefined")
    path.write_text(text, encoding="utf-8")
    ran = run("check", "exercise-1")
    assert ran.code == 3
    assert "fault of the course, not of your code" in ran.out


def test_check_without_a_course(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert run("check", "exercise-1").code == 2
    monkeypatch.setenv("GRADER_COURSE", str(empty))
    assert "holds no course.yaml" in run("check", "exercise-1").err


def test_check_needs_a_name_or_all(run: Run) -> None:
    assert run("check").code == 2
    assert run("check", "--all", "exercise-1").code == 2
    assert run("check", "--all").code == 1


def test_check_of_a_submission(run: Run, tiny_copy: Course, tmp_path: Path) -> None:
    solution = tiny_copy.root / "solutions"
    assert run("check", "exercise-1", "--submission", str(solution)).code == 0
    assert run("check", "exercise-1", "--submission", str(solution / "exercise-1/doubling.py")).code == 0
    (tmp_path / "empty").mkdir()
    ran = run("check", "exercise-1", "--submission", str(tmp_path / "empty"))
    assert ran.code == 1
    assert "there is no exercise-1/doubling.py to grade" in " ".join(ran.out.split())
    assert run("check", "exercise-1", "--submission", "no-such-place").code == 2
    assert "– of  7" in run("list").out  # none of these is the learner's own work


def test_json_follows_its_schema(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, function="print('here')\n    return x")
    document = json.loads(run("check", "--all", "--format", "json", "--seed", "5").out)
    jsonschema.validate(document, SCHEMA)
    assert (document["credits"], document["reports"][0]["seed"]) == (7, 5)
    assert any("here" in one["output"] for one in document["reports"][0]["outcomes"])


def test_the_same_seed_gives_the_same_report(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, function="return x")

    def messages(seed: str) -> list[str]:
        report = json.loads(run("check", "--all", "--format", "json", "--seed", seed).out)["reports"][0]
        return [one["message"] for one in report["outcomes"]]

    assert messages("5") == messages("5") != messages("6")


@pytest.mark.parametrize(("policy", "title"), [("names", "Single rows"), ("none", "A hidden check")])
def test_hidden_checks_are_withheld(run: Run, tiny_copy: Course, policy: str, title: str) -> None:
    solve(tiny_copy, scale="print('peek')\n    return x")
    path = tiny_copy.root / "exercises/exercise-1/exercise.yaml"
    path.write_text(path.read_text(encoding="utf-8") + f"feedback: {policy}\n", encoding="utf-8")
    report: dict[str, Any] = json.loads(run("check", "--all", "--format", "json").out)["reports"][0]
    (hidden,) = [one for one in report["outcomes"] if one["hidden"]]
    assert hidden["title"].startswith(title)
    assert hidden["message"] == "The course withholds what this check saw."
    assert hidden["output"] == ""
    assert hidden["status"] == "failed"


# --- list, show, hint, reset, verify ------------------------------------------------------------------


def test_list_follows_the_last_check(run: Run, tiny_copy: Course) -> None:
    assert "next: grader show exercise-1" in run("list").out
    run("check", "exercise-1")
    assert "next: grader check exercise-1" in run("list").out
    solve(tiny_copy)
    run("check", "exercise-1")
    ran = run("list")
    assert "every exercise is done" in ran.out
    assert "7 of 7" in ran.out


def test_a_verdict_is_shown_even_where_it_cannot_be_kept(run: Run, tiny_copy: Course) -> None:
    (tiny_copy.root / ".grader").write_text("in the way", encoding="utf-8")
    ran = run("check", "exercise-1")
    assert ran.code == 1
    assert "0 of 7 credits" in ran.out
    assert "progress was not kept" in ran.err
    assert run("list").code == 3


def test_show_into_a_pipe_is_the_lesson_itself(run: Run, tiny_copy: Course) -> None:
    lesson = tiny_copy["exercise-1"].lesson_path.read_text(encoding="utf-8")
    assert run("show", "exercise-1").out.strip() == lesson.strip()
    (tiny_copy.root / "quizzes" / "faq.md").write_text("# Questions\n", encoding="utf-8")
    assert run("show", "faq").out == "# Questions\n"
    assert run("show", "../course").code == 2


def test_formulas_are_printed_in_plain_signs(run: Run, tiny_copy: Course) -> None:
    text = "# A\n\nIs $h_{t-1}$ new?\n\n$$\nx_t = 1\n$$\n\n![a red line](a.svg)\n"
    tiny_copy["exercise-1"].lesson_path.write_text(text, encoding="utf-8")
    for arguments in (("show", "exercise-1"), ("show", "1", "--text")):
        out = run(*arguments).out
        assert "Is hₜ₋₁ new?" in out
        assert "xₜ = 1" in out
        assert "exercises/exercise-1/a.svg" in out
        assert "a red line" in out
        assert "$" not in out


@pytest.mark.parametrize("opens", [True, False])
def test_where_there_is_a_desktop_a_lesson_opens_in_the_browser(
    opens: bool, run: Run, tiny_copy: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("grader.cli.show._has_desktop", lambda: True)

    def browser(url: str) -> bool:
        asked.append(url)
        return opens

    monkeypatch.setattr("webbrowser.open", browser)
    ran = run("show", "exercise-1")
    page = tiny_copy.root / ".grader" / "lessons" / "exercise-1.html"
    assert asked == [page.as_uri()]
    assert "<!doctype html>" in page.read_text(encoding="utf-8")
    assert ("is open in your browser" in ran.out) == opens
    assert run("show", "exercise-1", "--text").code == 0
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("terminal", "environment", "platform", "desktop"),
    [
        (True, {"DISPLAY": ":0"}, "linux", True),
        (True, {"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        (True, {}, "linux", False),
        (True, {}, "darwin", True),
        (True, {"SSH_CONNECTION": "here", "DISPLAY": ":10"}, "linux", False),
        (False, {"DISPLAY": ":0"}, "linux", False),
    ],
)
def test_who_has_a_desktop(
    terminal: bool, environment: dict[str, str], platform: str, desktop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    assert show._has_desktop() == desktop


def test_hints_come_one_by_one(run: Run, tiny_copy: Course) -> None:
    hints = tiny_copy["exercise-1"].file.hints["double"]
    for count in (1, 2, 3, 3):
        ran = run("hint", "exercise-1")
        shown = " ".join(ran.out.split())
        assert [hint in shown for hint in hints] == [number < count for number in range(3)]
    assert "that was the last hint" in ran.out
    assert run("hint", "exercise-1", "scale").out.startswith("1. ")
    assert run("hint", "exercise-1", "nonsense").code == 2


@pytest.mark.parametrize(
    "command",
    [
        *(("check", "1"), ("check", "exercises/exercise-1/"), ("check", "Exercise-1", "ex1")),
        *(("hint", "doubling"), ("show", "exercise-1/doubling.py"), ("reset", "1", "--yes")),
        *(("debug", "exercise_1"), ("verify", "01", "--jobs", "1")),
    ],
)
def test_every_command_understands_which_exercise_is_meant(run: Run, command: tuple[str, ...]) -> None:
    ran = run(*command)
    assert ran.code in (0, 1), ran.err
    assert "there is no exercise" not in ran.out + ran.err


def test_hints_go_to_the_function_that_failed(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy, scale="return x")
    run("check", "exercise-1")
    assert "(scale:" in run("hint", "exercise-1").out


def test_reset_keeps_a_backup(run: Run, tiny_copy: Course) -> None:
    exercise = tiny_copy["exercise-1"]
    assert "is the stub already" in run("reset", "exercise-1").out
    exercise.stub_path.write_bytes(exercise.stub_path.read_bytes().replace(b"\n", b"\r\n"))
    assert "is the stub already" in run("reset", "exercise-1").out  # whatever ends its lines
    solve(tiny_copy)
    mine = exercise.stub_path.read_bytes()
    for text in (mine, b"\xff not even text"):
        exercise.stub_path.write_bytes(text)
        assert run("reset", "exercise-1", "--yes").code == 0
        assert exercise.stub_path.read_text(encoding="utf-8") == make_stub(exercise)
    kept = (tiny_copy.root / ".grader/backups/exercise-1").glob("*.py")
    assert {path.read_bytes() for path in kept} == {mine, b"\xff not even text"}
    assert (tiny_copy.root / ".grader/.gitignore").read_text(encoding="utf-8") == "*\n"


def test_reset_asks_first(run: Run, tiny_copy: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    solve(tiny_copy)
    mine = tiny_copy["exercise-1"].stub_path.read_bytes()
    assert run("reset", "exercise-1").code == 2  # nobody to ask
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    assert "nothing was changed" in run("reset", "exercise-1").out
    assert tiny_copy["exercise-1"].stub_path.read_bytes() == mine


def test_reset_makes_a_missing_stub(run: Run, tiny_copy: Course) -> None:
    exercise = tiny_copy["exercise-1"]
    exercise.stub_path.unlink()
    assert run("reset", "exercise-1", "--yes").code == 0
    assert exercise.stub_path.read_text(encoding="utf-8") == make_stub(exercise)


def test_verify_prints_a_table(run: Run, tiny_copy: Course) -> None:
    ran = run("verify", "--jobs", "1")
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["exercise-1", "7", "4", "3/3", "2/2", "ok"] in rows
    assert rows[-1] == ["every-type", "9", "1", "17", "ok"]
    (tiny_copy.root / "exercises/exercise-1/stray.txt").touch()
    ran = run("verify", "--jobs", "1")
    assert ran.code == 3
    assert "exercises/exercise-1/stray.txt: is a stray file" in ran.out


# --- the program as a whole ---------------------------------------------------------------------------


def test_help_names_every_command(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)


def test_a_misspelt_command_gets_the_nearest(run: Run) -> None:
    ran = run("chekc", "exercise-1")
    assert ran.code == 2
    assert "did you mean 'check'?" in ran.err


def test_an_internal_fault_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("grader.cli.check.overview_lines", fail)
    ran = run("list")
    assert ran.code == 3
    assert ran.err == (
        "grader: the grader itself broke (ZeroDivisionError: planted); "
        "GRADER_DEBUG=1 shows where, please report it\n"
    )


@pytest.mark.parametrize("closed", ["after a line", "before the first", "by the caller"])
def test_a_command_completes_though_nobody_reads_it(tiny_copy: Course, closed: str) -> None:
    solve(tiny_copy)
    command = [sys.executable, "-m", "grader", "--course", str(tiny_copy.root), "check", "--all"]
    if closed == "by the caller":
        code = subprocess.run(["sh", "-c", '"$@" >&- 2>&-', "sh", *command], check=False).returncode
    else:
        started = subprocess.Popen([*command, "--format", "json"], stdout=subprocess.PIPE)
        assert started.stdout
        if closed == "after a line":
            started.stdout.readline()
        started.stdout.close()
        code = started.wait()
    assert code == 0
    with open_ledger(tiny_copy) as ledger:
        latest = ledger.latest("exercise-1")
        assert latest
        assert latest.earned == 7


def test_output_that_has_no_room_is_told_at_the_end(tiny_copy: Course) -> None:
    solve(tiny_copy)
    command = [sys.executable, "-m", "grader", "--course", str(tiny_copy.root), "check", "--all"]
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    sentence = "what was printed is not whole: No space left on device; change that, and try again"
    assert (ran.returncode, ran.stderr) == (2, f"grader: {sentence}\n")
    with open_ledger(tiny_copy) as ledger:
        assert ledger.latest("exercise-1")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "exercises/a.py"), "exercises/a.py cannot be"),
        (OSError(errno.EROFS, "Read-only file system", "exercises/a.py"), "Read-only file system"),
        (OSError(errno.ENOSPC, "No space left on device"), "a file cannot be read or written: No space left"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "ulimit -u"),
    ],
)
def test_what_the_machine_refuses_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: OSError, says: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("grader.cli.check.overview_lines", refuse)
    ran = run("list")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert says in ran.err
    assert "report it" not in ran.err


def test_reset_where_nothing_can_be_written(run: Run, tiny_copy: Course) -> None:
    solve(tiny_copy)
    shutil.rmtree(tiny_copy.state_folder, ignore_errors=True)
    tiny_copy.state_folder.write_text("a file where a folder should be")
    ran = run("reset", "exercise-1", "--yes")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "cannot be read or written" in ran.err
    assert "return 2 * x" in tiny_copy["exercise-1"].stub_path.read_text()


def test_an_encoding_without_signs(tiny: Course) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "grader", "--course", str(tiny.root), "check", "exercise-1"]
    submission = [*command, "--submission", str(tiny.root / "exercises")]
    ran = subprocess.run(submission, capture_output=True, env=environment, check=False)
    assert ran.returncode == 1
    assert ran.stdout.isascii()
    assert b"not written yet" in ran.stdout
    assert ran.stderr == b""


def test_students_are_shown_their_own_commands_only(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = run("--help").out
    assert full.index("Commands:") < full.index("For instructors:") < full.index("For authors:")
    (tmp_path / "course.yaml").write_text("title: A course\nedition: handout\n", encoding="utf-8")
    own = run("--course", str(tmp_path), "--help").out.partition("Commands:")[2]
    assert "check" in own
    assert "handout" not in own
    assert "verify" not in own


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(run: Run, shell: str) -> None:
    ran = run("completion", shell)
    assert ran.code == 0
    assert "_GRADER_COMPLETE" in ran.out


def test_completion_knows_the_commands(tiny: Course) -> None:
    environment = {
        **os.environ,
        "_GRADER_COMPLETE": "bash_complete",
        "COMP_WORDS": "grader ch",
        "COMP_CWORD": "1",
    }
    words = [sys.executable, "-m", "grader"]
    shown = subprocess.run(words, env=environment, cwd=tiny.root, capture_output=True, text=True, check=False)
    assert shown.stdout == "plain,check\n"


@pytest.mark.parametrize("causes", ["hint", "at once", "never"])
def test_what_is_wrong_in_a_line_is_told_when_the_course_says(
    run: Run, tiny_copy: Course, causes: str
) -> None:
    solve(tiny_copy, scale="return double(x) + pair.offset")
    (tiny_copy["exercise-1"].solution_folder / "quantities.yaml").write_text('"pair.factor": "`factor`"\n')
    with (tiny_copy.root / "course.yaml").open("a") as file:
        file.write(f"causes: {causes}\n")
    verdict, told = run("check", "exercise-1").out, "`double(x)` lacks a factor: `factor`."
    assert "doubling.py:40: return double(x) + pair.offset" in verdict
    assert ("`grader hint` says more" in " ".join(verdict.split())) == (causes == "hint")
    assert (told in verdict) == (causes == "at once")
    hints = [run("hint", "exercise-1").out for _ in range(2)]
    assert (told in hints[0]) == (causes == "hint")
    assert hints[1].startswith("1. ")
    assert told not in hints[1]


def test_a_course_without_exercises_has_nothing_to_watch(run: Run, tiny_copy: Course) -> None:
    for side in ("exercises", "solutions"):
        shutil.rmtree(tiny_copy.root / side / "exercise-1")
    ran = run("watch")
    assert (ran.code, ran.err.count("\n"), "has no exercises yet" in ran.err) == (2, 1, True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("grade exercises -o results --exercise ,", "names none; leave it out for all"),
        ("grade exercises -o results --jobs 2 --cluster local:2", "--cluster says itself how many workers"),
        ("grade exercises -o results --assignment a --exercise exercise-1", "leave --exercise out"),
        ("handout student --assignment a --exercise exercise-1", "leave --exercise and --quiz out"),
        ("roster check exercises", "there is no list of the class; give it with --roster"),
        ("quiz grade exercises", "exercises: holds no .json file"),
    ],
)
def test_what_goes_with_nothing_is_one_sentence(run: Run, given: str, told: str) -> None:
    ran = run(*given.split())
    assert (ran.code in (1, 2), told in ran.out + ran.err) == (True, True), ran
    assert not Path("results").exists()
