"""What a report says: lines for a terminal, without their colours, and clean text for pages and exports."""

import io
import itertools
import math
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from grader.checks.report import Outcome, Report, Status
from grader.course import dataclass
from grader.sandbox import REQUIRED
from grader.sandbox.text import break_orders, clean, counted, shorten

Style = Literal["heading", "passed", "failed", "error", "skipped", "detail", "note", "code", "diagnosis"]
MARKS: dict[Status, str] = {"passed": "✓", "failed": "✗", "error": "!", "skipped": "–"}
AXES = {"T": "time step", "T + 1": "state", "H": "unit", "D": "input", "O": "output", "N": "column"}
INDENT = " " * 4
MOST_LINES = 20  # of a verdict at 80 columns, unless every check is asked for
MESSAGE_LINES, DIAGNOSIS_LINES, OUTPUT_LINES = 7, 9, 6
UNWRITTEN = "is not written yet."
WAYS = "next: grader hint {0} (or grader debug, grader show)"
EARLIER = re.compile(r"waits for (exercise-\d+): ")
OTHER_FAULT = re.compile(r"` raises |changes `|wrong shape|not written yet|different answers|withholds")
BEYOND = "`{}` passes other checks; what is asked here beyond them stands in the title."
MAP_WIDTH = 64  # columns of a map where nobody says how many there are
MAP_ROWS = 12
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Line:
    """One line of text, no wider than asked for, and what it is."""

    text: str
    style: Style


# --- a report ------------------------------------------------------------------------------------------


def report_lines(
    report: Report,
    width: int = 80,
    *,
    verbose: bool = False,
    file: str = "",
    seeded: bool = True,
    ways: str = "",
) -> list[Line]:
    """Lay out a report on one screen: what passes is folded, and the check to mend first is the last.

    Args:
        verbose: lay out every check instead, in its order, with all that it says.
        file: the path to the student's file, if an editor should open its lines.
        seeded: whether the same inputs can be asked for again.
        ways: what may be done next, if something fails; commands unless said.
    """
    credits = f"{report.earned} of {report.credits} credits"
    heading = [Line(ends(f"{report.exercise}  {report.title}", credits, width), "heading")]
    notes = [line for note in notes_of(report) for line in wrapped(f"note: {note}", "note", width, "  ")]
    first = first_to_mend(report)
    footer: list[Line] = []
    if first:
        earlier = EARLIER.match(first.message)  # then nothing is wrong here, and no hint is to be had
        ways = ways or (f"next: grader check {earlier[1]}" if earlier else WAYS)
        footer += wrapped(ways.format(report.exercise), "note", width, "  ")
        if seeded:
            footer += wrapped(f"same inputs again: add --seed {report.seed}", "note", width, "  ")
    if verbose:
        checks = [part for outcome in report.outcomes for part in _said([outcome], width, file)]
        return [*heading, *itertools.chain(*checks), *_printed(report, width), *notes, *footer]
    parts = [(9, heading), (6, _passed(report, width)), (2, _others(report, first, width)), (4, notes)]
    if first:
        same = [other for other in report.outcomes if _one_cause(first, other)]
        title, said, drawn, familiar = _said(same, width, file)
        if first.status == "failed" and not familiar and not first.message.endswith(UNWRITTEN):
            if first.function in (other.function for other in report.outcomes if other.status == "passed"):
                familiar = list(wrapped(BEYOND.format(first.function), "diagnosis", width))
            else:  # what it says is all that is known
                said, familiar = [], [Line(line.text, "diagnosis") for line in said[:MESSAGE_LINES]]
        parts += [(5, _printed(report, width)), (9, title), (7, said[:MESSAGE_LINES]), (3, drawn)]
        parts += [(8, familiar[:DIAGNOSIS_LINES]), (9, footer)]
    kept: dict[int, list[Line]] = {}
    most = MOST_LINES * max(width, 80) // min(width, 80)
    for number, (_, lines) in sorted(enumerate(parts), key=lambda part: -part[1][0]):
        room = max(0, most - sum(map(len, kept.values())))
        if len(lines) > room:  # what has the least weight is cut first
            cut = Line(f"{INDENT}… {len(lines) - room + 1} more lines: --verbose", "note")
            lines = [*lines[: room - 1], cut] if room > 1 else []
        kept[number] = lines
    return [line for number in range(len(parts)) for line in kept[number]]


def first_to_mend(report: Report) -> Outcome | None:
    """Return the check that a student should look at first; None if all passed.

    It is the first that failed, in a function that is written already if there is one.
    """
    lost = [outcome for outcome in report.outcomes if outcome.status in ("failed", "error")]
    lost = lost or [outcome for outcome in report.outcomes if outcome.status == "skipped"]
    begun = (outcome for outcome in lost if not outcome.message.endswith(UNWRITTEN))
    return next(begun, lost[0] if lost else None)


def report_text(report: Report, width: int = 80) -> str:
    """Return a report as `grader check` shows it into a pipe, for ``print``."""
    return "\n".join(line.text.rstrip() for line in report_lines(report, width))


def unconfined(layers: Iterable[str]) -> list[str]:
    """Return the note on code that ran without one of the required layers, if it did."""
    missing = ", ".join(sorted(set(REQUIRED) - set(layers), key=REQUIRED.index))
    note = f"this code was not fully confined (without {missing}); `grader doctor` says more"
    return [note] if missing else []


def notes_of(report: Report) -> list[str]:
    """Return what there is to say of the submission as a whole: how it was confined, and its notes."""
    return [*(unconfined(report.confinement) if report.source_sha256 else []), *report.notes]


def _one_cause(first: Outcome, other: Outcome) -> bool:
    """Whether a check fails for the reason that the first to mend fails for."""
    if (other.function, other.status) != (first.function, first.status):
        return False
    place = first.located
    if other == first or other.message == first.message or not place or not place.shared:
        return other == first or other.message == first.message
    if place.shared.startswith("use"):
        return not OTHER_FAULT.search(f"{other.message}\n{other.gist}")
    return f", line {place.line}," in other.message


def _passed(report: Report, width: int) -> list[Line]:
    """Fold the checks that passed: into one line, or one a function where there is nothing else to read."""
    passed = [outcome for outcome in report.outcomes if outcome.status == "passed"]
    folded: dict[str, list[Outcome]] = {}
    for outcome in passed:
        folded.setdefault(outcome.function if report.passed else "", []).append(outcome)
    titled = ((f"{counted(len(of), 'check')}{f' of {name}' * bool(name)}", of) for name, of in folded.items())
    return [line for title, of in titled for line in _titled(title, of, width)]


def _others(report: Report, first: Outcome | None, width: int) -> list[Line]:
    """Say in a line each what else fails, by function, and how many checks wait."""
    lines: list[Line] = []
    groups: dict[tuple[str, Status], list[Outcome]] = {}
    for outcome in report.outcomes:
        if first and outcome.status != "passed" and not _one_cause(first, outcome):
            key = "" if outcome.status == "skipped" else outcome.function, outcome.status
            groups.setdefault(key, []).append(outcome)
    for (function, status), outcomes in groups.items():
        if status == "skipped":
            waits = "checks wait" if len(outcomes) > 1 else "check waits"
            earlier = {EARLIER.match(outcome.message) for outcome in outcomes}
            names = " and ".join(sorted({found[1] for found in earlier if found}))
            title = f"{len(outcomes)} more {waits} for {'those that fail' if None in earlier else names}"
        elif function and all(outcome.message.endswith(UNWRITTEN) for outcome in outcomes):
            title = f"{function} is not written yet"
        else:
            more = "more check" if first and first.function == function else "check"
            those = f"{counted(len(outcomes), more)}{f' of {function}' * bool(function)}"
            title = _listed(those, outcomes, width)
        lines += _titled(title, outcomes, width)
    return lines


def _listed(title: str, outcomes: Sequence[Outcome], width: int) -> str:
    names = ", ".join(dict.fromkeys(outcome.title.partition(":")[0] for outcome in outcomes))
    return shorten(f"{title}: {names}", 2 * (width - 12))


def _said(same: Sequence[Outcome], width: int, file: str) -> tuple[list[Line], ...]:
    """Lay out what checks that say the same say: their title, the message, the map, the diagnosis."""
    first = same[0]
    title = first.title
    if len(same) > 1:
        shared = first.located.shared if first.located else ""
        title = f"{counted(len(same), 'check')} of {first.function or 'this exercise'}"
        title = _listed(f"{title} fail; all of them {shared}" if shared else title, same, width)
    text = message(first)
    if file:
        name = file.replace("\\", "/").rpartition("/")[2]
        text = re.sub(rf"\b{re.escape(name)}, line (\d+)", rf"{file}:\1", text)
    return (
        list(_titled(title, same, width)),
        list(wrapped(text, "detail", width)),
        [Line(f"{INDENT}  {row}"[:width], "code") for row in array_map(first, width - 2 * len(INDENT))],
        list(wrapped(diagnosis(first), "diagnosis", width)),
    )


def _printed(report: Report, width: int) -> list[Line]:
    """Lay out what the first failed visible check made the code print; a hidden one's may tell its inputs."""
    failed = (outcome for outcome in report.outcomes if outcome.status == "failed" and not outcome.hidden)
    noisy = next((outcome for outcome in failed if outcome.output.strip()), None)
    if noisy is None:
        return []
    printed = noisy.output.strip().splitlines()
    if len(printed) > OUTPUT_LINES:
        half = OUTPUT_LINES // 2
        left_out = f"… {len(printed) - 2 * half} lines left out …"
        printed = [*printed[:half], left_out, *printed[-half:]]
    title = Line(f"  your code printed in {noisy.check}:"[:width], "note")
    return [title, *(Line(f"{INDENT}| {text}"[:width], "detail") for text in printed)]


def _titled(title: str, outcomes: Sequence[Outcome], width: int) -> Iterator[Line]:
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
    room = max(width - len(right) - 1, 0)
    return f"{shorten(left, room):<{room}} {right}"[:width]


def mark_of(credits: int, earned: int | None) -> tuple[str, Style]:
    """Return the sign and the style for what was earned of what there is; None: nothing yet."""
    if earned is None:
        return "·", "note"
    return ("✓", "passed") if earned >= credits else ("…", "skipped")


def array_map(outcome: Outcome, width: int = MAP_WIDTH) -> list[str]:
    """Draw where an array is wrong; empty where that would say no more than the message.

    The first line names the array, and the axes along which only some places are wrong. Below it, rows and
    columns stand as the array has them, and steps of time beside each other, where there is room for them.
    """
    mismatch = outcome.wrong
    if mismatch is None or not {*"x."} <= {*mismatch.entries}:
        return []
    parts = []
    for axis, size in enumerate(mismatch.shape):
        stride = math.prod(mismatch.shape[axis + 1 :])
        places = {number // stride % size for number, entry in enumerate(mismatch.entries) if entry == "x"}
        if places and len(places) < size:
            name = AXES.get(mismatch.axes[axis] if mismatch.axes else "", f"axis {axis}, place")
            in_a_row = itertools.groupby(enumerate(sorted(places)), key=lambda pair: pair[1] - pair[0])
            runs = [[place for _, place in pairs] for _, pairs in in_a_row]  # 0, 1, 2, 5 is `0 to 2, 5`
            told = (str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
            parts.append(f"{name}{'s' if len(places) > 1 else ''} {', '.join(told)}")
    axes = f" ({', '.join(mismatch.axes)})" if mismatch.axes else ""
    only = f", only in {' and '.join(parts)}" if parts else ""
    lines = [f"{mismatch.name}{axes}: x marks what is wrong{only}"]
    *steps, rows, columns = (1, *mismatch.shape) if len(mismatch.shape) == 1 else mismatch.shape
    count = math.prod(steps)
    if count * (columns + 2) <= width and rows <= MAP_ROWS and rows * columns > 1:
        for row in range(rows):
            starts = ((step * rows + row) * columns for step in range(count))
            entries = (mismatch.entries[start : start + columns] for start in starts)
            lines.append("  ".join(entries).replace(".", "·").rstrip())
    return lines


# --- clean text for pages, exports and tables ----------------------------------------------------------


def message(outcome: Outcome) -> str:
    """Return what the check says, clean; an error is called the course's."""
    fault = "This is a fault of the course, not of your code: " if outcome.status == "error" else ""
    return clean(fault + outcome.message)


def diagnosis(outcome: Outcome) -> str:
    """Return what the mistake looks like, and the line that it stands in; empty if neither is known."""
    familiar = f"This looks familiar: {outcome.diagnosis}" if outcome.diagnosis else ""
    place = outcome.located.text if outcome.located else ""
    return clean("\n".join(part for part in (familiar, place) if part))


def outcome_text(outcome: Outcome) -> str:
    """Return all that a check says: its message, the map, and which mistake it looks like."""
    parts = (message(outcome), clean("\n".join(array_map(outcome))), diagnosis(outcome))
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


class Verbatim(str):
    """A cell that another program reads as it is, such as its own id or heading; no guard may change it."""


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Return a table, in which no free text starts a formula; numbers are cents, and written as credits."""
    import csv  # only exports need it

    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")  # so that no `;` splits a cell
    for row in (heading, *rows):
        texts = (Verbatim(decimal(cell)) if isinstance(cell, int) else cell for cell in row)
        writer.writerow(text if isinstance(text, Verbatim) else harmless(text) for text in texts)
    return table.getvalue()


def harmless(cell: str) -> str:
    """Return a text that a spreadsheet shows as it is and does not take for a formula."""
    return f"'{cell}" if cell.lstrip(" \u00a0'\"").startswith(STARTS_FORMULA) else cell
