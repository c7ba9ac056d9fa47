"""What the student's commands print: on narrow and wide terminals, dumb ones, without colours, in ASCII."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable

import pytest

from grader.cli import main
from grader.course import Course

WRONG = "    return 2 * x + 1  # (M, N)"
READING = [["list"], ["hint", "exercise-1"], ["credits"], ["show", "exercise-1", "--text"], ["quiz"]]
CHECKING = [["check", "exercise-1"], ["check", "exercise-1", "--verbose"], ["debug", "exercise-1"]]
Print = Callable[..., list[str]]


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, tiny_copy: Course) -> Print:
    """Run a command in a course with a wrong answer; return the lines of what a terminal would show."""
    exercise = tiny_copy["exercise-1"]
    text = exercise.solution_path.read_text(encoding="utf-8").replace("    return 2 * x  # (M, N)", WRONG)
    exercise.stub_path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tiny_copy.root)

    def show(*arguments: str, columns: int = 80, encoding: str = "utf-8", **environment: str) -> list[str]:
        stream = Terminal(io.BytesIO(), encoding=encoding, write_through=True)
        for name, value in {"COLUMNS": str(columns), "TERM": "xterm-256color", **environment}.items():
            monkeypatch.setenv(name, value)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "argv", ["grader", *arguments])
            with contextlib.suppress(SystemExit):
                main()
        stream.flush()
        return stream.buffer.getvalue().decode().splitlines()  # type: ignore[attr-defined]

    return show


@pytest.mark.parametrize("columns", [30, 80, 200])
@pytest.mark.parametrize(
    "command", [*READING, *(pytest.param(each, marks=pytest.mark.slow) for each in CHECKING)], ids=" ".join
)
def test_no_line_is_broken_by_the_terminal(command: list[str], columns: int, printed: Print) -> None:
    lines = printed(*command, columns=columns, NO_COLOR="1")
    assert lines
    assert not [line for line in lines if len(line) > columns]


@pytest.mark.slow
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colours_can_be_refused_everywhere(environment: dict[str, str], printed: Print) -> None:
    for command in (["check", "exercise-1"], ["list"]):
        assert not [line for line in printed(*command, **environment) if "\x1b" in line]


@pytest.mark.slow
def test_ascii_is_enough(printed: Print) -> None:
    for command in (*READING, *CHECKING):
        lines = printed(*command, encoding="ascii", NO_COLOR="1")
        assert lines
        assert "\\u" not in "".join(lines)
