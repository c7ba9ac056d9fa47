"""The statement of a learner's credits -> lines, JSON or CSV: what was earned and what is still to earn."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, NamedTuple

from grader import __version__
from grader.progress.learner import ANONYMOUS, Learner
from grader.reports.tables import mark_of
from grader.reports.text import Line, csv_text, decimal, ends, wrapped
from grader.sandbox.text import shorten

SCHEMA = "rnn-grader/credits/1"
COLUMNS = "learner_id learner kind id title topic earned possible to_earn".split()
ROOMY = 60  # columns; with fewer, what is left to earn gives way to titles


class Row(NamedTuple):
    """One line of account: an exercise, or one topic of a quiz. Amounts are in hundredths of a credit."""

    kind: Literal["exercise", "quiz"]
    id: str
    title: str
    topic: str
    earned_cents: int
    possible_cents: int

    @property
    def to_earn_cents(self) -> int:
        """What is still to earn."""
        return max(0, self.possible_cents - self.earned_cents)


class _Entry(NamedTuple):
    label: str
    earned: int
    possible: int


def headed(title: str, learner: Learner, width: int) -> str:
    """Return a title with the learner's name behind it, if someone is logged in."""
    text = title if learner == ANONYMOUS else f"{title} · {learner.name}"
    return shorten(text, width)


def statement_lines(learner: Learner, rows: list[Row], width: int = 80) -> list[Line]:
    """Lay out what a learner earned by exercise, by quiz and by topic, and what is still to earn.

    Args:
        width: columns of the terminal.
    """
    whole = all(row.earned_cents % 100 == 0 and row.possible_cents % 100 == 0 for row in rows)
    sections = _sections(rows)
    entries = [entry for section in sections.values() for entry in section]
    size = max((len(_amount(max(one.earned, one.possible), whole)) for one in entries), default=0)
    lines = [Line(shorten(f"Credits of {learner.name} (id {learner.id})", width), "heading")]
    for heading, section in sections.items():
        lines += [Line("", "detail"), Line(heading, "heading")]
        lines += [_line(entry, whole, size, width) for entry in section]
    earned, possible = sum(row.earned_cents for row in rows), sum(row.possible_cents for row in rows)
    total = f"{_amount(earned, whole)} of {_amount(possible, whole)} credits"
    to_earn = _amount(sum(row.to_earn_cents for row in rows), whole)
    return [*lines, Line("", "detail"), *wrapped(f"{total} · {to_earn} to earn", "heading", width, indent="")]


def _sections(rows: list[Row]) -> dict[str, list[_Entry]]:
    """Group the rows in three ways; a section without any is left out."""
    column = max((len(row.id) for row in rows), default=0)

    def named(kind: str) -> list[_Entry]:
        return _sums((f"{row.id:<{column}}  {row.title}", row) for row in rows if row.kind == kind)

    topics = _sums((row.topic, row) for row in rows if row.topic)
    found = {"exercises": named("exercise"), "quizzes": named("quiz"), "topics": topics}
    return {heading: entries for heading, entries in found.items() if entries}


def _sums(labelled: Iterable[tuple[str, Row]]) -> list[_Entry]:
    """Add up the rows that have one label, in the order in which labels first come."""
    sums: dict[str, _Entry] = {}
    for label, row in labelled:
        so_far = sums.get(label, _Entry(label, 0, 0))
        earned, possible = so_far.earned + row.earned_cents, so_far.possible + row.possible_cents
        sums[label] = _Entry(label, earned, possible)
    return list(sums.values())


def _line(entry: _Entry, whole: bool, size: int, width: int) -> Line:
    left = max(0, entry.possible - entry.earned)
    right = f"{_amount(entry.earned, whole):>{size}} of {_amount(entry.possible, whole):>{size}}"
    if width >= ROOMY:
        right += f"  {_amount(left, whole):>{size}} to earn" if left else " " * (size + 10)
    mark, style = mark_of(entry.possible, entry.earned or None)
    return Line(ends(f"  {mark} {entry.label}", right, width), style)


def _amount(cents: int, whole: bool) -> str:
    return str(cents // 100) if whole else decimal(cents)


# --- for programs -------------------------------------------------------------------------------------


def statement_to_json(learner: Learner, rows: list[Row]) -> str:
    """Return one JSON document, in the form that statement_schema.json describes."""
    document = {
        "schema": SCHEMA,
        "grader_version": __version__,
        "learner": {"id": learner.id, "name": learner.name},
        "earned_cents": sum(row.earned_cents for row in rows),
        "possible_cents": sum(row.possible_cents for row in rows),
        "rows": [row._asdict() for row in rows],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def statement_to_csv(learner: Learner, rows: list[Row]) -> str:
    """Return a table with a heading; amounts are in credits, and no text in it starts a formula."""

    def cells(row: Row) -> list[str | int]:
        texts = (learner.id, learner.name, row.kind, row.id, row.title, row.topic)
        return [*texts, row.earned_cents, row.possible_cents, row.to_earn_cents]

    return csv_text(COLUMNS, map(cells, rows))
