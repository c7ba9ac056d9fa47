"""``grader quiz`` as a learner meets it: on a pipe, on a terminal, from a file, interrupted."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.progress import open_ledger
from grader.quiz.credits import balance
from grader.quiz.files import find_quiz
from tests.helpers import Ran, Run

Take = Callable[..., Ran]
RIGHT = """
bound: smax
squashed: f i o
half-life: log(0.5)/log({f})
all-gates: (4*H, D + H)
back: [dh dz next, dh dz dWhh next]
roles: right-0 right-1 right-2
missing-gate: Forget gate
square: (4, 4)
stack: '4: column = x.reshape(-1, 1)'
"""


@pytest.fixture
def take(run: Run) -> Take:
    """Run `grader quiz` in a copy of the tiny course; the first argument is typed."""

    def take(typed: str, *arguments: str) -> Ran:
        ran = run("quiz", *arguments, typed=typed)
        if "json" not in arguments:
            assert all(len(line) <= 80 or " > " in f" {line}" for line in ran.out.splitlines())
        return ran

    return take


@pytest.fixture
def answers(tiny_copy: Course) -> Callable[[str], str]:
    """Write a file of answers and return its name."""

    def write(text: str) -> str:
        path = tiny_copy.root / "answers.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def stored(course: Course) -> list[str]:
    with open_ledger(course) as ledger:
        return [one.answer for one in ledger.responses("every-type")]


# --- the menu and what is asked of the command ---


def test_on_a_pipe_the_menu_is_all_there_is(take: Take) -> None:
    ran = take("")
    assert ran.code == 0
    assert re.search(r"1 +every-type +9 +0\.00 of 17", ran.out)
    assert "take one: grader quiz NAME" in ran.out


def test_the_menu_shows_what_was_done_and_what_is_due(take: Take) -> None:
    take("trash\n3\n\n", "every-type")
    take("1\n\n" * 3, "every-type")
    ran = take("")
    assert "unfinished" in ran.out
    assert "due: grader quiz --review" in ran.out


def test_help_names_every_way(take: Take) -> None:
    out = take("", "--help").out
    for word in ("NAME", "--topic", "--questions", "--review", "--restart", "--answers", "--format", "grade"):
        assert word in out
    assert take("", "every-type", "--help").code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "there is no quiz `nothing`"),
        (["every-typ"], "the nearest are every-type"),
        (["every-type", "--topic", "x"], "no topic 'x'"),
        (["every-type", "--questions", "0"], "0"),
        (["every-type", "--format", "json"], "--answers"),
        (["--answers", "course.yaml"], "NAME"),
        (["every-type", "--answers", "course.yaml"], "answers `title`"),
        (["every-type", "--nothing"], "--nothing"),
    ],
)
def test_wrong_usage_is_one_sentence(take: Take, arguments: list[str], sentence: str) -> None:
    ran = take("", *arguments)
    assert ran.code == 2
    assert sentence in ran.err
    assert ran.out == ""


def test_a_broken_quiz_names_file_and_line(take: Take, tiny_copy: Course) -> None:
    path = tiny_copy.root / "quizzes" / "every-type.yaml"
    path.write_text(path.read_text().replace("topic: gates", "topik: gates", 1))
    ran = take("", "every-type")
    assert ran.code == 3
    assert re.search(r"every-type\.yaml:\d+:\d+: unknown key `topik`", ran.err)


# --- a sitting on a pipe ---


def test_a_sitting_on_a_pipe(take: Take, tiny_copy: Course) -> None:
    ran = take("2\n\n1 2 3\n2\nq\n", "every-type")
    assert ran.code == 75
    assert "Go on with: grader quiz every-type" in ran.out
    assert "question 1 of 9" in ran.out
    assert "█" not in ran.out
    assert "\x1b" not in ran.out
    assert "$" not in ran.out
    kept = stored(tiny_copy)
    again = take("", "every-type")
    assert again.code == 75
    assert "Going on where you left" in again.out
    assert stored(tiny_copy) == kept


def test_what_cannot_be_read_is_said_and_asked_again(take: Take, tiny_copy: Course) -> None:
    ran = take(f"seven\n9\n1 2\n{'x' * 10_240}\n\x00\n\ud800\n∞\n", "every-type")
    assert ran.code == 75
    assert "type the numbers of what you choose, 1 to 3" in ran.out
    assert "10240 characters" in ran.out
    assert stored(tiny_copy) == []


def test_commands(take: Take) -> None:
    ran = take("?\nl\nf\nh\nn\nh\ny\np\nl 3\ns\nl 99\nl\n", "every-type")
    assert "leave; all your answers are kept" in ran.out
    assert "flagged" in ran.out
    assert "hint: Bound a single step first." in ran.out
    assert ran.out.count("a hint costs 1.00 credits") == 2
    assert ran.out.count("question 3 of 9") == 1
    assert ran.out.count("question 9 of 9") == 1
    assert "6  Match each name" in ran.out


def test_an_answer_that_is_a_command_is_escaped(take: Take, tiny_copy: Course) -> None:
    take("l 7\n=h\n\n", "every-type")
    assert stored(tiny_copy) == ["h"]


def test_an_answer_counts_though_its_certainty_never_came(take: Take, tiny_copy: Course) -> None:
    assert take("2\n", "every-type").code == 75
    assert stored(tiny_copy) == ["2"]


def test_a_question_that_is_done_shows_what_was_said(take: Take) -> None:
    take("l 7\nforget\n\n", "every-type")
    ran = take("l 7\nagain\n", "every-type")
    assert "your answer: forget" in ran.out
    assert "Gers, Schmidhuber and Cummins" in ran.out
    assert "this question is done; Enter goes on" in ran.out


def test_the_end_offers_what_was_skipped(take: Take) -> None:
    ran = take("\n" * 8 + "f\n\n" + "2\n1\n\n" + "l 9\n\nx\n\n", "every-type")
    assert "without an answer: 1, 2, 3, 4, 5, 6, 7, 8, 9; flagged: 9" in " ".join(ran.out.split())
    assert ran.out.count("question 2 of 9") == 3
    assert ran.code == 1
    assert "below the pass mark (70%)" in ran.out


# --- a graded quiz ---


def with_header(course: Course, header: str, instead: str = "confidence: optional") -> None:
    path = course.root / "quizzes" / "every-type.yaml"
    path.write_text(path.read_text().replace(instead, header))


def test_a_graded_quiz_stores_and_says_nothing(take: Take, tiny_copy: Course) -> None:
    with_header(tiny_copy, "mode: graded")
    ran = take("2\n" + "l 1\n3\n" + "\n" * 12, "every-type")
    assert ran.code == 0
    assert "1 of 9 answered" in ran.out
    assert "your answer: 2; type another one" in ran.out
    assert "✓" not in ran.out
    assert "right" not in ran.out.replace("are right, such as", "")
    assert stored(tiny_copy) == ["2", "3"]


def test_a_learner_is_told_which_sittings_count(take: Take, tiny_copy: Course) -> None:
    with_header(tiny_copy, "mode: graded")
    assert "Only the first sitting counts; this is sitting 1." in take("", "every-type").out
    ran = take("", "every-type", "--restart")
    assert "this is sitting 2: it is kept, and earns nothing." in " ".join(ran.out.split())
    ran = take("", "every-type", "--restart", "--topic", "shapes")
    assert ran.code == 75
    with_header(tiny_copy, "mode: graded\nsittings: 4", "mode: graded")
    ran = take("", "every-type", "--restart", "--questions", "2")
    assert (ran.code, "only the first 4 sittings count of every-type" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("header", "cure"),
    [
        ("mode: exam", "write `mode: graded`"),
        ("minutes: 30", "delete it"),
        ("earn: first", "`sittings: N`"),
        ("confidence: required", "write `confidence: optional`"),
    ],
)
def test_what_a_quiz_may_not_say_any_more_is_one_sentence(
    take: Take, tiny_copy: Course, header: str, cure: str
) -> None:
    with_header(tiny_copy, header)
    ran = take("", "every-type")
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert re.search(r"every-type\.yaml:\d+:1: `.*` is gone", ran.err)
    assert cure in ran.err


# --- answers from a file ---


def test_answers_from_a_file(take: Take, answers: Callable[[str], str]) -> None:
    ran = take("", "every-type", "--answers", answers(RIGHT.replace("half-life: log(0.5)/log({f})", "")))
    assert ran.code == 0
    assert re.search(r"1[56]\.\d\d of 17 credits", ran.out)
    assert "without an answer: question 3 (" in ran.out


def test_answers_from_a_file_as_json(take: Take, answers: Callable[[str], str]) -> None:
    name = answers('{"bound": ["trace", "smax"], "squashed": "1 9", "square": "(4, 1)"}')
    ran = take("", "every-type", "--answers", name, "--format", "json")
    assert ran.code == 1
    document = json.loads(ran.out)
    assert (document["schema"], document["possible"], document["passed"]) == ("rnn-grader/quiz/1", 17, False)
    rows = {one["id"]: one["attempts"] for one in document["questions"]}
    assert [one["credits"] for one in rows["bound"]] == [0.0, 0.8]
    assert "unreadable" in rows["squashed"][0]
    assert rows["square"][0]["feedback"]
    assert rows["back"] == []
    assert document["credits"] == 0.8


@pytest.mark.parametrize("text", ["", "- 1", "bound: {a: 1}", "bound: [1, 2", "\x00", "bound: *x"])
def test_a_malformed_file_of_answers_stores_nothing(
    take: Take, answers: Callable[[str], str], tiny_copy: Course, text: str
) -> None:
    ran = take("", "every-type", "--answers", answers(text))
    assert ran.code == 2
    assert stored(tiny_copy) == []
    with open_ledger(tiny_copy) as ledger:
        assert ledger.sittings() == ()


# --- review ---


def test_letters_name_options_and_nothing_is_skipped_in_silence(take: Take, tiny_copy: Course) -> None:
    ran = take("b\n\n\nq\n", "every-type")  # the first Enter: how sure
    assert stored(tiny_copy) == ["b"]
    assert "skipped; l 1 comes back to it" in ran.out


@pytest.mark.parametrize("more", [("--topic", "shapes"), ("--restart",), ("--answers", "course.yaml")])
def test_a_review_takes_no_other_order(run: Run, more: tuple[str, ...]) -> None:
    ran = run("quiz", "every-type", "--review", *more)
    assert (ran.code, "--review asks what is due" in ran.err) == (2, True)


def test_q_leaves_the_review(take: Take, tiny_copy: Course) -> None:
    pytest.importorskip("fsrs")
    take("l 8\n(4, 1)\n\nq\n", "every-type")
    assert take("q\n", "--review").code == 75


def test_review(take: Take, tiny_copy: Course) -> None:
    pytest.importorskip("fsrs")
    assert "nothing is due" in take("", "--review").out
    take("l 8\n(4, 1)\n\nq\n", "every-type")
    ran = take("(4, 4)\n\n", "--review")
    assert ran.code == 0
    assert "question 1 of 1" in ran.out
    assert "1 of 1 right at once" in ran.out
    assert re.search(r"square: again (today|tomorrow|in \d+ days)", ran.out)
    with open_ledger(tiny_copy) as ledger:
        assert balance(ledger, find_quiz(tiny_copy, "every-type")).cents == 0
        assert list(ledger.review_states()) == [("every-type", "square")]
    assert "nothing is due" in take("", "--review").out


def test_review_without_the_library_names_the_extra(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsrs", None)
    ran = take("", "--review")
    assert ran.code == 2
    assert "pip install fsrs" in ran.err


# --- terminals, and how they go away ---


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, course: Course, *arguments: str, **environment: str) -> None:
        self.far, near = pty.openpty()
        variables = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
        variables |= {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader", "--course", str(course.root), "quiz", *arguments],
            stdin=near, stdout=near, stderr=near, env=variables, start_new_session=True,
            preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(near)
        self.seen = ""

    def until(self, text: str, seconds: float = 300) -> str:
        """Read until a text was printed."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.far], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.far, 65536).decode(errors="replace")
                except OSError:
                    raise AssertionError(f"ended before {text!r}: {self.seen}") from None
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def asks(self) -> None:
        """Read until the next answer is waited for: then the program reads keys, not lines."""
        import termios

        self.until("> ")
        while termios.tcgetattr(self.far)[3] & termios.ICANON:
            time.sleep(0.01)
        state = Path(f"/proc/{self.process.pid}/stat")
        while state.exists() and state.read_text().rpartition(")")[2].split()[0] in "RD":
            time.sleep(0.01)  # a signal that comes just before the program waits would be heard with a key

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self.far, text.encode())

    def end(self) -> int:
        """Return how the command ended."""
        return self.process.wait(300)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(tiny_copy: Course) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str, **environment: str) -> Terminal:
        opened.append(Terminal(tiny_copy, *arguments, **environment))
        return opened[-1]

    yield start
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_on_a_terminal_there_is_a_menu_colour_and_a_bar(terminal: Callable[..., Terminal]) -> None:
    window = terminal()
    window.until("Which one?")
    window.type("1\n")
    shown = window.until("> ")
    assert "\x1b[" in shown
    assert "░" in shown
    window.type("2\x01\x0b3\n")  # Ctrl+A and Ctrl+K: the line can be edited
    window.until("How sure are you?")
    window.type("\n")
    assert "credits: " in window.until("your balance")
    window.asks()
    window.type("\x04")
    window.until("Go on with: grader quiz every-type")
    assert window.end() == 75


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_without_colour_there_is_none(terminal: Callable[..., Terminal], environment: dict[str, str]) -> None:
    window = terminal("every-type", **environment)
    shown = window.until("Enter skips") + window.until("> ")
    assert not re.search(r"\x1b\[[0-9;]*m", shown)
    assert ("░" in shown) == ("TERM" not in environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_and_lose_nothing(
    terminal: Callable[..., Terminal], tiny_copy: Course, number: int
) -> None:
    window = terminal("every-type")
    window.until("> ")
    window.type("2\n")
    window.until("How sure")
    window.type("3\n")
    window.until("your balance")
    window.asks()
    os.kill(window.process.pid, number)
    window.until("Everything you answered is kept")
    assert window.end() == 75
    assert stored(tiny_copy) == ["2"]


def test_a_closed_window_loses_nothing(terminal: Callable[..., Terminal], tiny_copy: Course) -> None:
    window = terminal("every-type")
    window.until("> ")
    window.type("2\n")
    window.until("How sure")
    window.type("\n")
    window.until("your balance")
    window.asks()
    os.close(window.far)
    assert window.end() == 75
    assert stored(tiny_copy) == ["2"]


def test_nothing_heavy_is_imported_before_the_first_question(tiny_copy: Course) -> None:
    program = (
        "import sys, io; from grader.cli import main; sys.stdin = io.StringIO('')\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = 'numpy pytest rich grader.checks.student grader.sandbox.pool fsrs asyncio'.split()\n"
        "print('HEAVY', *[one for one in heavy if one in sys.modules])"
    )
    for arguments in (["quiz", "--help"], ["quiz", "every-type"], ["quiz"]):
        command = [sys.executable, "-c", program, "--course", str(tiny_copy.root), *arguments]
        ran = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        assert ran.stdout.rstrip().endswith("HEAVY"), (arguments, ran.stdout[-200:])
