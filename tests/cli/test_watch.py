"""`grader` alone under a pseudo-terminal: saves, keys, what is shown, how it ends."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from grader.course import Course
from grader.progress import ANONYMOUS, open_ledger
from tests.helpers import Run

pty = pytest.importorskip("pty")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")
EDITOR = f"{sys.executable} -c \"import sys; open(sys.argv[1], 'a').write('#')\""
KEYS = "q quit"
PATIENCE_SECONDS, QUIET_SECONDS = 300.0, 0.4
RIGHT = "return 2 * x"
SCALE = "return pair.factor * double(x) + pair.offset"
Start = Callable[..., "Watching"]


class Watching:
    """The learner's screen: what it has shown since it was last asked."""

    def __init__(self, course: Course, *arguments: str) -> None:
        self.course = course
        self.terminal, near = pty.openpty()
        command = [sys.executable, "-m", "grader", *(["watch", *arguments] if arguments else [])]
        environment = {**os.environ, "TERM": "dumb", "EDITOR": EDITOR}
        for name in ("GRADER_COURSE", "COLUMNS", "LINES", "DISPLAY", "WAYLAND_DISPLAY"):
            environment.pop(name, None)
        self.resize(80)
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

    def resize(self, columns: int) -> None:
        """Make the terminal so wide."""
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, size)

    def press(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def file(self, exercise: str = "exercise-1") -> Path:
        return self.course[exercise].stub_path

    def save(self, *bodies: str, exercise: str = "exercise-1") -> None:
        """Save a submission with these function bodies; functions without one stay stubs."""
        self.file(exercise).write_text(written(self.course, *bodies), encoding="utf-8")

    def save_at_once(self, *exercises: str, bodies: Sequence[str]) -> None:
        """Put submissions with these function bodies in their places, one right after the other."""
        written_at = {self.file(each): self.course.root.parent / f"{each}.new" for each in exercises}
        for aside in written_at.values():
            aside.write_text(written(self.course, *bodies), encoding="utf-8")
        for place, aside in written_at.items():
            aside.replace(place)

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
    with open_ledger(tiny_copy) as ledger:  # so that nobody is asked for a name
        ledger.login(ANONYMOUS)
    started: list[Watching] = []

    def start(*arguments: str) -> Watching:
        started.append(Watching(tiny_copy, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_save_gives_a_verdict_until_ctrl_c(watch: Start) -> None:
    one = watch("exercise-2")
    first = one.until(KEYS)
    assert first.count("not written yet") == 2
    assert "exercises/exercise-2/doubling.py" in first
    one.save("return x + 1", SCALE, exercise="exercise-2")
    second = one.verdict("4")
    assert "exercise-2 · 4 of 14 credits" in second
    assert "✓ 2 checks" in second
    assert "Every entry is taken twice" in second
    one.save("return 2 * (x", exercise="exercise-2")
    assert "doubling.py is not Python yet" in " ".join(one.verdict("0").split())
    one.resize(40)
    assert max(map(len, one.until(KEYS).splitlines())) <= 40
    assert not termios.tcgetattr(one.terminal)[3] & termios.ICANON
    one.process.send_signal(2)
    assert one.end()[0] == 0
    assert termios.tcgetattr(one.terminal)[3] & termios.ICANON, "the terminal is as it was"


def test_a_finished_exercise_is_celebrated_and_waits_for_n(watch: Start) -> None:
    one = watch()
    one.verdict()
    one.save(RIGHT, SCALE)
    shown = one.until("7 of 7 credits") + one.until(KEYS)
    assert "exercise-1 is done: 7 credits, in all 7 of 14 credits." in shown
    assert "solutions/exercise-1/doubling.py" in shown
    assert "n goes on." in shown
    assert not one.rest().strip(), "the next exercise waits"
    one.press("s")
    shown = one.until(KEYS)
    assert "double:\n  yours\n    return 2 * x\n  the course's\n    return 2 * x  # (M, N)" in shown
    one.press("n")
    assert "exercises/exercise-2/doubling.py" in one.until(KEYS)
    one.save(RIGHT, SCALE, exercise="exercise-2")
    one.until("Every exercise is done.")
    one.press("n")
    one.until("no other exercise waits")
    one.press("q")
    assert one.end()[0] == 0


def test_the_screen_turns_to_what_is_saved_until_the_ledger_breaks(watch: Start) -> None:
    one = watch()
    one.verdict()
    one.save(RIGHT, exercise="exercise-2")
    assert "exercise-2  " in one.verdict("3")
    one.save_at_once("exercise-2", "exercise-1", bodies=(RIGHT, SCALE))
    one.until("exercise-2 is done")
    assert "exercise-1 is done" not in one.rest(), "of two files at once, the one on the screen is checked"
    (one.course.root / ".grader/progress.db").write_bytes(b"no database" * 1000)
    for rest in one.course.root.glob(".grader/progress.db-*"):
        rest.unlink()
    one.press("h")
    code, shown = one.end()
    assert code == 3
    assert "progress.db" in shown.splitlines()[-1]
    assert "Traceback" not in shown


def test_the_first_credit_asks_once_for_a_name(watch: Start) -> None:
    one = watch()
    (one.course.root / ".grader/progress.db").unlink()
    one.verdict()
    one.save(RIGHT)
    one.until("name: ")
    one.press("Ada\n")
    one.until("logged in as Ada")
    one.save(RIGHT, SCALE)
    assert "name:" not in one.until("exercise-1 is done") + one.rest()
    with open_ledger(one.course) as ledger:
        assert (ledger.learner.id, ledger.best_checks()["exercise-1"].earned) == ("ada", 7)


def test_keys(watch: Start) -> None:
    one = watch()
    one.until(KEYS)
    one.press("h")
    assert "1. What do you have after" in one.until("(double: 2 more to come)")
    one.until(KEYS)
    one.press("\x1b[H")
    one.rest()
    one.press("x")
    assert "more to come" not in one.until(KEYS), (
        "any other key is back to the verdict; Home is no wish for a hint"
    )
    one.press("c")
    assert "✓" not in one.until(KEYS)
    one.press("l")
    one.until("Doubling")
    one.press("q")  # leaves the pager, or the screen if the lesson was short
    one.rest()
    assert one.process.poll() is None or one.end()[0] == 0


def test_keys_that_change_files(watch: Start) -> None:
    one = watch()
    one.save("return x + 1")
    one.until(KEYS)
    one.press("d")
    one.until("debug_exercise_1.py")
    assert "mine.double" in (one.course.root / "debug_exercise_1.py").read_text(encoding="utf-8")
    one.until(KEYS)
    one.press("e")
    one.until(KEYS)
    assert one.file().read_text(encoding="utf-8").endswith("#")
    one.rest()
    one.press("r")
    one.until("y does it.")
    one.press("n")
    one.until(KEYS)
    assert "x + 1" in one.file().read_text(encoding="utf-8")
    one.press("r")
    one.until("y does it.")
    one.press("y")
    one.until("not written yet")
    assert "x + 1" not in one.file().read_text(encoding="utf-8")


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


def test_an_unknown_exercise_is_wrong_usage(run: Run) -> None:
    ran = run("watch", "exercise-7")
    assert ran.code == 2
    assert "there is no exercise" in ran.err
