"""Prints lines: plain into a pipe, in colour on a terminal."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from grader.report.lines import Line, Style
from grader.text import clean

if TYPE_CHECKING:
    from rich.text import Text as RichText

COLOURS: dict[Style, str] = {
    "heading": "bold",
    "passed": "green",
    "failed": "red",
    "error": "bold magenta",
    "skipped": "yellow",
    "detail": "",
    "note": "dim",
    "code": "cyan",
}
INLINE_CODE = r"`[^`]+`"
ASCII_SIGNS = str.maketrans(
    {"█": "#", "░": ".", "✓": "+", "✗": "x", "–": "-", "…": "~", "·": "|", "“": '"', "”": '"'}
)
PIPE_WIDTH = 80
MAX_WIDTH = 100
PATIENCE_SECONDS = 0.5  # a call that takes longer is worth a line of progress


def coloured() -> bool:
    """Whether to colour: only on a terminal that can, and not against NO_COLOR."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def progress_line() -> Iterator[Callable[[str, str], None] | None]:
    """Offer a line on stderr that shows what is running, for how long, and what it printed last.

    It is wiped out at the end. Where there is no terminal that can, None is offered instead.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    started: dict[str, float] = {}

    def show(function: str, printed: str) -> None:
        seconds = time.monotonic() - started.setdefault(function, time.monotonic())
        if seconds >= PATIENCE_SECONDS:
            text = f"  {function} · {seconds:.0f} s · {clean(printed, 200)}"
            click.echo(f"\r{text[: width() - 1]}\x1b[K", nl=False, err=True)

    try:
        yield show
    finally:
        if started:
            click.echo("\r\x1b[K", nl=False, err=True)


def width() -> int:
    """Return the columns to fill: a terminal's own up to 100, else 80."""
    if not sys.stdout.isatty():
        return PIPE_WIDTH
    import shutil

    return max(40, min(MAX_WIDTH, shutil.get_terminal_size().columns))


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines that are laid out already."""
    if coloured():
        _print_in_colour(lines)
        return
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    for line in lines:
        click.echo((line.text.translate(ASCII_SIGNS) if plain else line.text).rstrip())


def _print_in_colour(lines: Iterable[Line]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for style, group in itertools.groupby(lines, key=lambda line: line.style):
        if style == "code":
            console.print(_highlighted([line.text for line in group]))
            continue
        for line in group:
            text = Text(line.text, style=COLOURS[style])
            if style == "detail":
                text.highlight_regex(INLINE_CODE, COLOURS["code"])
            console.print(text)


def _highlighted(lines: list[str]) -> RichText:
    """Colour the words of Python, in the terminal's own colours."""
    from rich.syntax import Syntax

    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    text = syntax.highlight("\n".join(lines))
    text.rstrip()
    return text
