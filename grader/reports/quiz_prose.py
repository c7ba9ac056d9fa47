"""Markdown of a question -> lines for a terminal: signs for mathematics, code as it is, no stars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from grader.course import render
from grader.reports.text import INDENT, Line, Style, wrapped

FENCED = re.compile(r"^ *```[^\n]*\n(.*?)^ *```[^\n]*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`[^`\n]+`)")
EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])(.+?)(?<=[^\s*])\1(?![\w*])")
ITEM = re.compile(r"(?:[-*+]|\d{1,2}[.)])\s+")
NO_BREAK = "\u00a0"  # holds a piece of code together until the line is broken


def prose_lines(markdown: str, style: Style, width: int, indent: str = INDENT) -> Iterator[Line]:
    """Break Markdown into lines.

    Args:
        width: columns of the terminal.
        indent: in front of every line; code stands two further in.
    """
    for number, block in enumerate(FENCED.split(markdown)):
        if number % 2:
            for line in block.rstrip().splitlines():
                yield Line(f"{indent}  {line}", "code")
            continue
        for text in _paragraphs(block):
            yield from _broken(text, style, width, indent)


def _paragraphs(block: str) -> Iterator[str]:
    """Yield what stands for itself: paragraphs, items of lists, rows of tables."""
    text = ""
    for line in block.splitlines():
        if text and (not line.strip() or ITEM.match(line.lstrip()) or line.lstrip().startswith("|")):
            yield text
            text = ""
        text = f"{text} {line.strip()}".strip()
    if text:
        yield text


def _broken(text: str, style: Style, width: int, indent: str) -> Iterator[Line]:
    item = ITEM.match(text)
    bullet = item[0] if item else ""
    inner = indent + " " * len(bullet)
    lines = wrapped(CODE.sub(_together, plain(text[len(bullet) :])), style, width, inner)
    for number, line in enumerate(lines):
        shown = line.text.replace(NO_BREAK, " ")
        yield replace(line, text=f"{indent}{bullet}{shown[len(inner) :]}" if number == 0 else shown)


def _together(found: re.Match[str]) -> str:
    return found[0].replace(" ", NO_BREAK)


def plain(markdown: str) -> str:
    """Return Markdown in one line, without stars, its mathematics in plain signs; code stays as it is."""
    pieces = CODE.split(render(" ".join(markdown.split())))
    pieces[::2] = [EMPHASIS.sub(r"\2", piece) for piece in pieces[::2]]
    return "".join(pieces)
