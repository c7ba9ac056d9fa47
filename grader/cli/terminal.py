"""Prints lines: plain into a pipe, in colour on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable

import click

from grader.report.lines import Line, Style

COLOURS: dict[Style, str] = {
    "heading": "bold",
    "passed": "green",
    "failed": "red",
    "error": "bold magenta",
    "skipped": "yellow",
    "detail": "",
    "note": "dim",
}
ASCII_SIGNS = str.maketrans({"✓": "+", "✗": "x", "–": "-", "…": "~", "·": "|", "“": '"', "”": '"'})
PIPE_WIDTH = 80
MAX_WIDTH = 100


def coloured() -> bool:
    """Whether to colour: only on a terminal that can, and not against NO_COLOR."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return the columns to fill: a terminal's own up to 100, else 80."""
    if not sys.stdout.isatty():
        return PIPE_WIDTH
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
    for line in lines:
        console.print(Text(line.text, style=COLOURS[line.style]))
