"""Prints lines: plain into a pipe, in colour on a terminal."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from grader.sandbox.text import clean

if TYPE_CHECKING:  # `grader --help` does without reports
    from grader.reports.text import Line, Style

# Of the 256 colours that terminals agree on, those that can be read on black as well as on white.
COLOURS: dict[Style, dict[str, Any]] = {
    "heading": {"bold": True},
    "passed": {"fg": 29},
    "failed": {"fg": 131},
    "error": {"fg": 163, "bold": True},
    "skipped": {"fg": 98},
    "detail": {},
    "note": {"fg": 243},
    "code": {},
    "diagnosis": {"bold": True},
}
CODE_COLOUR = 63
INLINE_CODE = r"`[^`]+`"
ASCII_SIGNS = str.maketrans(
    {"█": "#", "░": ".", "✓": "+", "✗": "x", "–": "-", "…": "~", "·": "|", "“": '"', "”": '"'}
)
PIPE_WIDTH = 80
MIN_WIDTH, MAX_WIDTH = 30, 100
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
        now = time.monotonic()
        seconds = now - started.setdefault(function, now)
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
    import shutil  # which would load three compressors to print a line

    return max(MIN_WIDTH, min(MAX_WIDTH, shutil.get_terminal_size().columns))


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines that are laid out already."""
    if not coloured():
        ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
        for line in lines:
            click.echo((line.text.translate(ASCII_SIGNS) if ascii_only else line.text).rstrip())
        return
    for line in lines:
        text = line.text
        if line.style == "detail":
            text = re.sub(INLINE_CODE, lambda found: click.style(found[0], fg=CODE_COLOUR), text)
        click.echo(click.style(text, **COLOURS[line.style]))
