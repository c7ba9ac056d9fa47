"""What several reports share: clean text, amounts of credits, what an outcome says, tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from grader.checks.report import Outcome
from grader.reports.array_map import map_lines
from grader.sandbox.text import clean

FAULT = "This is a fault of the course, not of your code"
MAP_WIDTH = 64
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def one_line(text: str) -> str:
    """Return the text clean and on one line."""
    return " ".join(clean(text).split())


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


def message(outcome: Outcome) -> str:
    """Return what the check says, clean; an error is called the course's."""
    return clean(f"{FAULT}: {outcome.message}" if outcome.status == "error" else outcome.message)


def array_map(outcome: Outcome) -> str:
    """Return the map of where an array is wrong; empty where it would say no more than the message."""
    mismatch = outcome.mismatch
    partly = mismatch and {*"x."} <= {*mismatch.entries}
    return "\n".join(map_lines(mismatch, MAP_WIDTH)) if mismatch and partly else ""


def told(outcome: Outcome) -> str:
    """Return all that a check says: its message, the map, and which mistake it looks like."""
    familiar = f"This looks familiar: {outcome.diagnosis}" if outcome.diagnosis else ""
    parts = (message(outcome), clean(array_map(outcome)), clean(familiar))
    return "\n".join(part for part in parts if part)


# --- tables for other programs --------------------------------------------------------------------------


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Return a table with a heading, in which no text starts a formula.

    Args:
        rows: of texts, and of numbers, which are hundredths of a credit and are written as credits.
    """
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")  # so that no `;` splits a cell
    for row in (heading, *rows):
        writer.writerow(decimal(cell) if isinstance(cell, int) else harmless(cell) for cell in row)
    return table.getvalue()


def harmless(cell: str) -> str:
    """Return a text that a spreadsheet shows as it is and does not take for a formula."""
    return f"'{cell}" if cell.lstrip(" \u00a0'\"").startswith(STARTS_FORMULA) else cell
