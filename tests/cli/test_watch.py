"""`grader watch` under a pseudo-terminal: saves, keys, what is shown, how it ends."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.course import Course

pty = pytest.importorskip("pty")
PATIENCE_SECONDS, QUIET_SECONDS = 300.0, 0.4
RIGHT = "return 2 * x"
SCALE = "return pair.factor * double(x) + pair.offset"
Start = Callable[..., "Watching"]


class Watching:
    """A running `grader watch`: what it has shown since it was last asked."""

    def __init__(self, course: Course, *arguments: str) -> None:
        self.course = course
        self.terminal, near = pty.openpty()
        command = [sys.executable, "-m", "grader", "watch", *arguments]
        environment = {**os.environ, "TERM": "dumb", "COLUMNS": "80"}
        environment.pop("GRADER_COURSE", None)
        self.process = subprocess.Popen(
            command, cwd=course.root, stdin=near, stdout=near, stderr=near, env=environment
        )
        os.close(near)
        self.shown = ""

    def until(self, text: str) -> str:
        """Read until a text is shown; return all that was shown before and with it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} was never shown, but: {self.shown}"
            assert self.read(), f"it ended without {text!r}: {self.shown}"
        before, found, self.shown = self.shown.partition(text)
        return before + found

    def verdict(self, credits: str = "") -> str:
        """Return the next verdict, which is printed all at once."""
        return self.until(f"{credits} of 7 credits") + self.rest()

    def rest(self) -> str:
        """Return what is shown until nothing more comes."""
        while select.select([self.terminal], [], [], QUIET_SECONDS)[0] and self.read():
            pass
        shown, self.shown = self.shown, ""
        return shown

    def read(self) -> bool:
        """Wait a moment for more; say whether it goes on."""
        if not select.select([self.terminal], [], [], 0.2)[0]:
            return self.process.poll() is None
        with contextlib.suppress(OSError):  # the other end is closed
            part = os.read(self.terminal, 65536)
            self.shown += part.decode().replace("\r\n", "\n")
            return bool(part)
        return False

    def press(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def file(self, exercise: str = "exercise-1") -> Path:
        return self.course[exercise].stub_path

    def save(self, *bodies: str, exercise: str = "exercise-1") -> None:
        """Save a submission with these function bodies; functions without one stay stubs."""
        self.file(exercise).write_text(written(self.course, *bodies), encoding="utf-8")

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what was shown last."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.read():
            assert time.monotonic() < deadline, self.shown
        return self.process.wait(PATIENCE_SECONDS), self.shown

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def written(course: Course, *bodies: str) -> str:
    text = (course.root / "pristine.py").read_text(encoding="utf-8")
    for body in bodies:
        text = text.replace("raise NotImplementedError", body, 1)
    return text


@pytest.fixture
def watch(tiny_copy: Course) -> Iterator[Start]:
    """Start watching a copy of the tiny course, with its exercise there twice."""
    for part in ("exercises", "solutions"):
        shutil.copytree(tiny_copy.root / part / "exercise-1", tiny_copy.root / part / "exercise-2")
    shutil.copy(tiny_copy["exercise-1"].stub_path, tiny_copy.root / "pristine.py")
    started: list[Watching] = []

    def start(*arguments: str) -> Watching:
        started.append(Watching(tiny_copy, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_save_gives_a_verdict(watch: Start) -> None:
    one = watch()
    first = one.until("watching exercises/exercise-1/doubling.py") + one.verdict("0")
    assert first.count("not written yet") == 2
    one.save("return x + 1", "return x + 1")
    one.verdict("0")
    one.save("return x + 1", SCALE)
    second = one.verdict("4")
    assert "✓" in second
    assert "Every entry is taken twice" in second, (
        "what fails still is shown again: the screen may be cleared"
    )


def test_a_finished_exercise_leads_to_the_next_and_the_last_one_ends(watch: Start) -> None:
    one = watch()
    one.verdict()
    one.save(RIGHT, SCALE)
    one.until("7 of 7 credits")
    one.until("exercise-1 is done; next: exercise-2")
    one.until("watching exercises/exercise-2/doubling.py")
    one.verdict("0")
    one.save(RIGHT, SCALE, exercise="exercise-2")
    one.until("exercise-2 is done, and so is every exercise")
    code, shown = one.end()
    assert code == 0
    assert "stopped watching" in shown


def test_keys(watch: Start) -> None:
    one = watch()
    one.verdict()
    one.press("h")
    assert "1. What do you have after" in one.until("(double: 2 more to come)")
    one.press("\x1b[H")
    shown = ""
    while "exercise-2" not in shown:
        one.press("l")  # is lost if it is read together with the Home key
        shown += one.rest()
    assert "more to come" not in shown, "the Home key is no wish for a hint"
    one.press("n")
    one.until("watching exercises/exercise-2/doubling.py")
    one.verdict("0")
    one.press("h")
    one.until("1. What do you have after")
    one.press("q")
    assert one.end()[0] == 0


def test_ctrl_c_stops_and_the_terminal_is_as_it_was(watch: Start) -> None:
    import termios

    one = watch("exercise-2")
    one.verdict()
    assert not termios.tcgetattr(one.terminal)[3] & termios.ICANON
    one.process.send_signal(2)
    assert one.end()[0] == 0
    assert termios.tcgetattr(one.terminal)[3] & termios.ICANON


@pytest.mark.slow
def test_a_half_written_file_is_told_and_watching_goes_on(watch: Start) -> None:
    one = watch()
    one.verdict()
    one.save("return 2 * (x")
    shown = one.verdict("0")
    assert "doubling.py is not Python yet" in " ".join(shown.split())
    one.save(RIGHT)
    assert "✓" in one.verdict("3")


@pytest.mark.slow
def test_a_missing_file_is_told_and_watching_goes_on(watch: Start) -> None:
    one = watch()
    one.verdict()
    one.file().unlink()
    assert "there is no exercise-1/doubling.py to grade" in " ".join(one.verdict("0").split())
    one.save(RIGHT)
    one.verdict("3")


@pytest.mark.slow
@pytest.mark.parametrize("keeps_a_backup", [False, True])
def test_editors_that_save_by_renaming_are_seen(watch: Start, keeps_a_backup: bool) -> None:
    one = watch()
    one.verdict()
    for body, credits in ((RIGHT, "3"), ("return 3 * x", "0"), (RIGHT, "3")):
        if keeps_a_backup:
            one.file().replace(one.file().with_name("doubling.py~"))
        fresh = one.file().with_name(".doubling.py.swp")
        fresh.write_text(written(one.course, body), encoding="utf-8")
        fresh.replace(one.file())
        one.verdict(credits)


def test_a_course_that_breaks_meanwhile_ends_with_one_sentence(watch: Start) -> None:
    one = watch()
    one.verdict()
    one.course["exercise-1"].solution_path.write_text("1 +", encoding="utf-8")
    one.save(RIGHT)
    code, shown = one.end()
    assert code == 3
    assert shown.splitlines()[-1].startswith("grader: ")
    assert "solutions/exercise-1/doubling.py:1: cannot be loaded" in shown
    assert "Traceback" not in shown


def test_a_ledger_that_breaks_meanwhile_ends_with_one_sentence(watch: Start) -> None:
    one = watch()
    one.verdict()
    (one.course.root / ".grader/progress.db").write_bytes(b"no database" * 1000)
    for rest in one.course.root.glob(".grader/progress.db-*"):
        rest.unlink()
    one.press("h")
    code, shown = one.end()
    assert code == 3
    assert "progress.db" in shown.splitlines()[-1]
    assert "Traceback" not in shown


def test_an_unknown_exercise_is_wrong_usage(watch: Start) -> None:
    code, shown = watch("exercise-7").end()
    assert code == 2
    assert "there is no exercise" in shown
