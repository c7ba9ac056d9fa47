"""Report -> lines for a terminal: the layout is decided here, colours are added by whoever prints it."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from grader.checks.report import Outcome, Report, Status
from grader.reports.array_map import map_lines
from grader.sandbox.text import break_orders

Style = Literal["heading", "passed", "failed", "error", "skipped", "detail", "note", "code"]
MARKS: dict[Status, str] = {"passed": "✓", "failed": "✗", "error": "!", "skipped": "–"}
INDENT = " " * 4
MESSAGE_LINES = 11
OUTPUT_LINES = 6


@dataclass(frozen=True)
class Line:
    """One line of text, no wider than asked for, and what it is."""

    text: str
    style: Style


def report_lines(report: Report, width: int = 80) -> list[Line]:
    """Lay out a report.

    Args:
        width: columns of the terminal.
    """
    lines = [Line(ends(f"{report.exercise}  {report.title}", _credits(report), width), "heading")]
    for function in dict.fromkeys(outcome.function for outcome in report.outcomes):
        lines += _function([one for one in report.outcomes if one.function == function], width)
    lines += _printed(report, width)
    confinement = unconfined(report.confinement) if report.source_sha256 else []
    for note in (*confinement, *report.notes):
        lines += wrapped(f"note: {note}", "note", width, indent="  ")
    if not report.passed:
        lines += _footer(report, width)
    return lines


def _credits(report: Report) -> str:
    return f"{report.earned} of {report.credits} credits"


def unconfined(layers: Iterable[str]) -> list[str]:
    """Return the note on code that ran without one of the required layers, if it did."""
    from grader.sandbox.process import REQUIRED  # which knows sockets; not for a quiz

    missing = ", ".join(sorted(set(REQUIRED) - set(layers), key=REQUIRED.index))
    return [f"this code was not fully confined (without {missing}); `grader doctor` says more"] * bool(
        missing
    )


def _function(outcomes: list[Outcome], width: int) -> Iterator[Line]:
    """Lay out the checks of one function, in their order; what several would each say is said once."""
    waiting = [one for one in outcomes if one.status == "skipped"]
    others = [one for one in outcomes if one.status != "skipped"]
    for (message, _), members in itertools.groupby(others, key=lambda one: (one.message, one.status)):
        same = list(members)
        if message and len(same) > 1:
            yield from _group(same, width)
        else:
            yield from itertools.chain.from_iterable(_single(outcome, width) for outcome in same)
    if waiting and all(one.status == "passed" for one in others):  # they wait for something elsewhere
        yield from itertools.chain.from_iterable(_single(outcome, width) for outcome in waiting)
    elif waiting:
        more = f"{len(waiting)} more {'checks wait' if len(waiting) > 1 else 'check waits'} for those above"
        yield from _titled("skipped", more, _share(waiting), width)


def _single(outcome: Outcome, width: int) -> Iterator[Line]:
    yield from _titled(outcome.status, outcome.title, _share([outcome]), width)
    yield from _message(outcome, width)


def _group(outcomes: list[Outcome], width: int) -> Iterator[Line]:
    """Say once what several checks would each have said."""
    first = outcomes[0]
    title = f"{len(outcomes)} checks of {first.function or 'this exercise'}"
    yield from _titled(first.status, title, _share(outcomes), width)
    yield from _message(first, width)


def _share(outcomes: list[Outcome]) -> str:
    return f"{sum(one.earned for one in outcomes)}/{sum(one.credits for one in outcomes)}"


def _titled(status: Status, title: str, right: str, width: int) -> Iterator[Line]:
    *before, last = textwrap.wrap(title, width - 10) or [""]
    for number, text in enumerate([*before, last]):
        mark = MARKS[status] if number == 0 else " "
        line = f"  {mark} {text}"
        yield Line(ends(line, right, width) if number == len(before) else line, status)


def _message(outcome: Outcome, width: int) -> Iterator[Line]:
    if not outcome.message:
        return
    text = outcome.message
    if outcome.status == "error":
        text = f"This is a fault of the course, not of your code: {text}"
    lines = list(wrapped(text, "detail", width))
    yield from lines[:MESSAGE_LINES]
    if len(lines) > MESSAGE_LINES:
        yield Line(f"{INDENT}… {len(lines) - MESSAGE_LINES} more lines", "detail")
    if outcome.mismatch and "x" in outcome.mismatch.entries and "." in outcome.mismatch.entries:
        for text in map_lines(outcome.mismatch, width - 2 * len(INDENT)):
            yield Line(f"{INDENT}  {text}"[:width], "code")
    if outcome.diagnosis:
        yield from wrapped(f"This looks familiar: {outcome.diagnosis}", "note", width)


def _printed(report: Report, width: int) -> Iterator[Line]:
    """Show what the first failed visible check printed; a hidden one's output could carry its inputs."""
    failed = [one for one in report.outcomes if one.status == "failed" and not one.hidden]
    noisy = [one for one in failed if one.output.strip()]
    if not noisy:
        return
    lines = noisy[0].output.strip().splitlines()
    yield Line(f"  your code printed in {noisy[0].check}:"[:width], "note")
    if len(lines) > OUTPUT_LINES:
        half = OUTPUT_LINES // 2
        lines = [*lines[:half], f"… {len(lines) - 2 * half} lines left out …", *lines[-half:]]
    for line in lines:
        yield Line(f"{INDENT}| {line}"[:width], "detail")


def _footer(report: Report, width: int) -> Iterator[Line]:
    lesson = f"the lesson: grader show {report.exercise}"
    yield from wrapped(f"next: grader hint {report.exercise} · {lesson}", "note", width, indent="  ")
    yield from wrapped(f"same inputs again: add --seed {report.seed}", "note", width, indent="  ")


def wrapped(text: str, style: Style, width: int, indent: str = INDENT) -> Iterator[Line]:
    """Break a text into lines of one style; an indented paragraph keeps its own indent."""
    for paragraph in text.splitlines():
        own = indent + paragraph[: len(paragraph) - len(paragraph.lstrip())]
        for line in textwrap.wrap(
            paragraph.strip(), width, initial_indent=own, subsequent_indent=own, break_on_hyphens=False
        ):
            yield Line(break_orders(line), style)  # wrapping may have put one at the start of a line


def ends(left: str, right: str, width: int) -> str:
    """Put two texts at the two ends of a line; the left one gives way."""
    room = width - len(right) - 1
    left = left if len(left) <= room else left[: room - 1] + "…"
    return f"{left:<{room}} {right}"
