"""What a report says: lines for a terminal, without their colours, and clean text for pages and exports."""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from grader.checks.report import Located, Outcome, Report, Status
from grader.course import dataclass
from grader.sandbox import REQUIRED
from grader.sandbox.text import break_orders, clean, shorten

Style = Literal["heading", "passed", "failed", "error", "skipped", "detail", "note", "code"]
MARKS: dict[Status, str] = {"passed": "✓", "failed": "✗", "error": "!", "skipped": "–"}
AXES = {"T": "time step", "T + 1": "state", "H": "unit", "D": "input", "O": "output", "N": "column"}
INDENT = " " * 4
MESSAGE_LINES = 11
OUTPUT_LINES = 6
MAP_WIDTH = 64  # columns of a map where nobody says how many there are
MAP_ROWS = 12
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Line:
    """One line of text, no wider than asked for, and what it is."""

    text: str
    style: Style


# --- a report ------------------------------------------------------------------------------------------


def report_lines(report: Report, width: int = 80, *, footer: bool = True) -> list[Line]:
    """Lay out a report; the footer says what can be done about checks that did not pass."""
    credits = f"{report.earned} of {report.credits} credits"
    lines = [Line(ends(f"{report.exercise}  {report.title}", credits, width), "heading")]
    for function in dict.fromkeys(outcome.function for outcome in report.outcomes):
        lines += _function([outcome for outcome in report.outcomes if outcome.function == function], width)
    # What the first failed visible check printed; a hidden one's output could carry its inputs.
    failed = (outcome for outcome in report.outcomes if outcome.status == "failed" and not outcome.hidden)
    noisy = next((outcome for outcome in failed if outcome.output.strip()), None)
    if noisy is not None:
        printed = noisy.output.strip().splitlines()
        lines.append(Line(f"  your code printed in {noisy.check}:"[:width], "note"))
        if len(printed) > OUTPUT_LINES:
            half = OUTPUT_LINES // 2
            left_out = f"… {len(printed) - 2 * half} lines left out …"
            printed = [*printed[:half], left_out, *printed[-half:]]
        lines += [Line(f"{INDENT}| {text}"[:width], "detail") for text in printed]
    for note in notes_of(report):
        lines += wrapped(f"note: {note}", "note", width, indent="  ")
    if footer and not report.passed:
        lesson = f"the lesson: grader show {report.exercise}"
        lines += wrapped(f"next: grader hint {report.exercise} · {lesson}", "note", width, indent="  ")
        lines += wrapped(f"same inputs again: add --seed {report.seed}", "note", width, indent="  ")
    return lines


def report_text(report: Report, width: int = 80) -> str:
    """Return a report as `grader check` shows it into a pipe, for ``print``."""
    return "\n".join(line.text.rstrip() for line in report_lines(report, width))


def changed_lines(report: Report, before: Report | None, width: int = 80) -> list[Line]:
    """Lay out what changed since an earlier report of the same exercise, under the line with its credits."""
    lines = report_lines(report, width)
    if before is None:
        return lines
    # By place as well as by name, since hidden checks may share one.
    earlier = {(place, outcome.check): _comparable(outcome) for place, outcome in enumerate(before.outcomes)}
    changed = dataclasses.replace(
        report,
        outcomes=tuple(
            outcome
            for place, outcome in enumerate(report.outcomes)
            if earlier.get((place, outcome.check)) != _comparable(outcome)
        ),
        notes=tuple(note for note in report.notes if note not in before.notes),
        source_sha256="",  # what is said of the confinement was said before
    )
    body = report_lines(changed, width, footer=False)[1:]
    return [lines[0], *(body or [Line("  nothing else than before", "note")])]


def _comparable(outcome: Outcome) -> Outcome:
    """Return all of it that a student is shown, but for the line, which moves with every line above it."""
    printed = outcome.output if outcome.status == "failed" else ""
    return dataclasses.replace(outcome, output=printed, seconds=0.0, located=None)


def unconfined(layers: Iterable[str]) -> list[str]:
    """Return the note on code that ran without one of the required layers, if it did."""
    missing = ", ".join(sorted(set(REQUIRED) - set(layers), key=REQUIRED.index))
    note = f"this code was not fully confined (without {missing}); `grader doctor` says more"
    return [note] if missing else []


def notes_of(report: Report) -> list[str]:
    """Return what there is to say of the submission as a whole: how it was confined, and its notes."""
    return [*(unconfined(report.confinement) if report.source_sha256 else []), *report.notes]


def _function(outcomes: list[Outcome], width: int) -> Iterator[Line]:
    """Lay out the checks of one function, in their order; what several would each say is said once."""
    waiting = [outcome for outcome in outcomes if outcome.status == "skipped"]
    others = [outcome for outcome in outcomes if outcome.status != "skipped"]
    groups: list[tuple[str, list[Outcome]]] = []
    for _, members in itertools.groupby(others, key=lambda outcome: (outcome.message, outcome.status)):
        same = list(members)
        if same[0].message and len(same) > 1:
            groups.append((f"{len(same)} checks of {same[0].function or 'this exercise'}", same))
        else:
            groups += [(outcome.title, [outcome]) for outcome in same]
    wait_elsewhere = all(outcome.status == "passed" for outcome in others)
    if wait_elsewhere:
        groups += [(outcome.title, [outcome]) for outcome in waiting]
    for title, group in groups:
        yield from _titled(title, group, width)
        first = group[0]
        if not first.message:
            continue
        lines = list(wrapped(message(first), "detail", width))
        yield from lines[:MESSAGE_LINES]
        if len(lines) > MESSAGE_LINES:
            yield Line(f"{INDENT}… {len(lines) - MESSAGE_LINES} more lines", "detail")
        for text in array_map(first, width - 2 * len(INDENT)):
            yield Line(f"{INDENT}  {text}"[:width], "code")
        if first.diagnosis:
            yield from wrapped(f"This looks familiar: {first.diagnosis}", "note", width)
        if first.located:
            yield from wrapped(located_text(first.located), "note", width)
    if waiting and not wait_elsewhere:
        checks = f"{len(waiting)} more {'checks wait' if len(waiting) > 1 else 'check waits'}"
        yield from _titled(f"{checks} for those above", waiting, width)


def _titled(title: str, outcomes: list[Outcome], width: int) -> Iterator[Line]:
    """Lay out the title of checks with one status; their credits stand at the end of its last line."""
    status = outcomes[0].status
    share = f"{sum(outcome.earned for outcome in outcomes)}/{sum(outcome.credits for outcome in outcomes)}"
    *before, last = textwrap.wrap(title, width - 10) or [""]
    for number, text in enumerate([*before, last]):
        line = f"  {MARKS[status] if number == 0 else ' '} {text}"
        yield Line(ends(line, share, width) if number == len(before) else line, status)


# --- lines ---------------------------------------------------------------------------------------------


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
    return f"{shorten(left, room):<{room}} {right}"


# --- where an array is wrong ---------------------------------------------------------------------------


def array_map(outcome: Outcome, width: int = MAP_WIDTH) -> list[str]:
    """Draw where an array is wrong; empty where that would say no more than the message.

    The first line names the array, and the axes along which only some places are wrong. Below it, rows and
    columns stand as the array has them, and steps of time beside each other, where there is room for them.
    """
    mismatch = outcome.mismatch
    if mismatch is None or not {*"x."} <= {*mismatch.entries}:
        return []
    parts = []
    for axis, size in enumerate(mismatch.shape):
        stride = math.prod(mismatch.shape[axis + 1 :])
        places = {number // stride % size for number, entry in enumerate(mismatch.entries) if entry == "x"}
        if places and len(places) < size:
            name = AXES.get(mismatch.axes[axis] if mismatch.axes else "", f"axis {axis}, place")
            parts.append(f"{name}{'s' if len(places) > 1 else ''} {_ranges(sorted(places))}")
    axes = f" ({', '.join(mismatch.axes)})" if mismatch.axes else ""
    only = f", only in {' and '.join(parts)}" if parts else ""
    lines = [f"{mismatch.name}{axes}: x is wrong{only}"]
    *steps, rows, columns = (1, *mismatch.shape) if len(mismatch.shape) == 1 else mismatch.shape
    count = math.prod(steps)
    if count * (columns + 2) <= width and rows <= MAP_ROWS and rows * columns > 1:
        for row in range(rows):
            starts = ((step * rows + row) * columns for step in range(count))
            entries = (mismatch.entries[start : start + columns] for start in starts)
            lines.append("  ".join(entries).replace(".", "·").rstrip())
    return lines


def _ranges(numbers: list[int]) -> str:
    """Write 0, 1, 2, 5 as ``0 to 2, 5``."""
    in_a_row = itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    runs = [[number for _, number in pairs] for _, pairs in in_a_row]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


# --- clean text for pages, exports and tables ----------------------------------------------------------


def message(outcome: Outcome) -> str:
    """Return what the check says, clean; an error is called the course's."""
    fault = "This is a fault of the course, not of your code: " if outcome.status == "error" else ""
    return clean(fault + outcome.message)


def located_text(located: Located) -> str:
    """Return where a mistake is, the line itself, and what is wrong there."""
    cause = f"\n{located.cause[:1].upper()}{located.cause[1:]}." if located.cause else ""
    return clean(f"{located.place}: {located.source}\n{located.says}{cause}")


def outcome_text(outcome: Outcome) -> str:
    """Return all that a check says: its message, the map, and which mistake it looks like."""
    familiar = f"This looks familiar: {outcome.diagnosis}" if outcome.diagnosis else ""
    place = located_text(outcome.located) if outcome.located else ""
    parts = (message(outcome), clean("\n".join(array_map(outcome))), clean(familiar), place)
    return "\n".join(part for part in parts if part)


def decimal(cents: int) -> str:
    """Write hundredths as an exact decimal number: 150 is ``1.50``, and -5 is ``-0.05``."""
    whole, hundredths = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{hundredths:02}"


def amount(cents: int) -> str:
    """Write hundredths of a credit without needless zeros: 700 is ``7``, and 750 is ``7.50``."""
    return decimal(cents).removesuffix(".00")


def signed(cents: int) -> str:
    """Write an amount that is added or taken away with its sign."""
    return f"{'+' if cents > 0 else ''}{amount(cents)}"


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Return a table with a heading, in which no text starts a formula.

    Args:
        rows: of texts, and of numbers, which are hundredths of a credit and are written as credits.
    """
    import csv  # only exports need it

    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")  # so that no `;` splits a cell
    for row in (heading, *rows):
        writer.writerow(decimal(cell) if isinstance(cell, int) else harmless(cell) for cell in row)
    return table.getvalue()


def harmless(cell: str) -> str:
    """Return a text that a spreadsheet shows as it is and does not take for a formula."""
    return f"'{cell}" if cell.lstrip(" \u00a0'\"").startswith(STARTS_FORMULA) else cell
