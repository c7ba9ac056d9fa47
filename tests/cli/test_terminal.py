"""What is printed: plain into a pipe, in colour on a terminal, in ASCII where nothing else can be shown."""

from __future__ import annotations

import io
import re
import sys
import time
from typing import get_args

import pytest

from grader.cli import CODE_COLOUR, COLOURS, coloured, print_lines, progress_line, width
from grader.reports.text import Line, Style

LINES = [
    Line("✓ passed", "passed"),
    Line("say `h` “so”  ", "detail"),
    Line("return x  # 1", "code"),
    Line("█░ – …", "note"),
]


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined]


def use_terminal(monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8") -> Terminal:
    """Put standard output and error on one terminal that knows colours; call it in the test."""
    stream = Terminal(io.BytesIO(), encoding=encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return stream


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(LINES)
    assert capsys.readouterr().out == "✓ passed\nsay `h` “so”\nreturn x  # 1\n█░ – …\n"
    assert width() == 80


def test_a_stream_without_unicode_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = use_terminal(monkeypatch, "ascii")
    monkeypatch.setenv("NO_COLOR", "1")
    print_lines(LINES)
    assert stream.shown() == '+ passed\nsay `h` "so"\nreturn x  # 1\n#. - ~\n'


def test_a_terminal_gets_colours_and_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = use_terminal(monkeypatch)
    print_lines(LINES)
    shown = stream.shown()
    assert "\x1b[38;5;29m✓ passed\x1b[0m\n" in shown
    assert "say \x1b[38;5;63m`h`\x1b[0m “so”" in shown
    words = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()]
    assert words == [line.text.rstrip() for line in LINES]


@pytest.mark.parametrize("style", get_args(Style))
def test_every_colour_can_be_read_on_black_and_on_white(style: Style) -> None:
    assert not COLOURS[style].get("dim")
    for colour in filter(None, (COLOURS[style].get("fg"), CODE_COLOUR)):
        luminance = relative_luminance(colour)
        assert (luminance + 0.05) / 0.05 >= 4.5, "on black"
        assert 1.05 / (luminance + 0.05) >= 4.5, "on white"


def relative_luminance(colour: int) -> float:
    """Return how bright one of the 256 colours is, from 0 to 1; the first 16 are the terminal's own."""
    assert 16 <= colour < 256
    levels = [0, 95, 135, 175, 215, 255]
    cube = colour - 16
    parts = [levels[cube // 36 % 6], levels[cube // 6 % 6], levels[cube % 6]]
    if colour >= 232:
        parts = [8 + 10 * (colour - 232)] * 3
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (p / 255 for p in parts)
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("NO_COLOR", ""), ("TERM", "dumb")])
def test_colours_can_be_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    stream = use_terminal(monkeypatch)
    assert coloured()
    monkeypatch.setenv(name, value)
    assert not coloured()
    print_lines(LINES)
    assert "\x1b" not in stream.shown()


@pytest.mark.parametrize(("columns", "filled"), [(20, 30), (72, 72), (200, 100)])
def test_a_terminals_own_width_is_filled_within_reason(
    monkeypatch: pytest.MonkeyPatch, columns: int, filled: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    use_terminal(monkeypatch)
    assert width() == filled


def test_a_long_call_has_a_line_that_is_wiped_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = use_terminal(monkeypatch)
    seconds = iter([0.0, 3.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    with progress_line() as show:
        assert show
        show("train", "soon")
        assert stream.shown() == "", "nothing yet: it may be done at once"
        show("train", "loss 0.1\x1b[2J" + "x" * 200)
    shown = stream.shown()
    assert shown.startswith("\r  train · 3 s · loss 0.1\\x1b[2Jxxx")
    assert shown.endswith("\x1b[K\r\x1b[K")
    assert len(shown.split("\x1b[K")[0]) < 81


def test_a_pipe_and_a_dumb_terminal_get_no_line_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    use_terminal(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    with progress_line() as show:
        assert show is None
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setenv("TERM", "xterm")
    with progress_line() as show:
        assert show is None
