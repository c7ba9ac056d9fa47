"""The statement of a learner's credits -> lines, JSON or CSV: what was earned and what is still to earn."""

from __future__ import annotations

import json
from typing import Literal, NamedTuple

from grader import __version__
from grader.progress import ANONYMOUS, Learner
from grader.reports.tables import credits_line
from grader.reports.text import Line, csv_text, decimal, wrapped
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


def headed(title: str, learner: Learner, width: int) -> str:
    """Return a title with the learner's name behind it, if someone is logged in."""
    return shorten(title if learner == ANONYMOUS else f"{title} · {learner.name}", width)


def statement_lines(learner: Learner, rows: list[Row], width: int = 80) -> list[Line]:
    """Lay out what a learner earned by exercise, by quiz and by topic, and what is still to earn.

    Args:
        width: columns of the terminal.
    """
    whole = all(row.earned_cents % 100 == 0 and row.possible_cents % 100 == 0 for row in rows)

    def amount(cents: int) -> str:
        return str(cents // 100) if whole else decimal(cents)

    sections = _sections(rows)
    sums = [entry for section in sections.values() for entry in section.values()]
    size = max((len(amount(max(entry))) for entry in sums), default=0)
    lines = [Line(shorten(f"Credits of {learner.name} (id {learner.id})", width), "heading")]
    for heading, section in sections.items():
        lines += [Line("", "detail"), Line(heading, "heading")]
        for label, (earned, possible) in section.items():
            right = f"{amount(earned):>{size}} of {amount(possible):>{size}}"
            if width >= ROOMY:
                left = possible - earned
                right += f"  {amount(left):>{size}} to earn" if left > 0 else " " * (size + 10)
            lines.append(credits_line(label, possible, earned or None, right, width))
    earned, possible = sum(row.earned_cents for row in rows), sum(row.possible_cents for row in rows)
    to_earn = sum(row.to_earn_cents for row in rows)
    total = f"{amount(earned)} of {amount(possible)} credits · {amount(to_earn)} to earn"
    return [*lines, Line("", "detail"), *wrapped(total, "heading", width, indent="")]


def _sections(rows: list[Row]) -> dict[str, dict[str, tuple[int, int]]]:
    """Add up what was earned, and could be, in three ways, by label; a section without any is left out."""
    column = max((len(row.id) for row in rows), default=0)
    sections: dict[str, dict[str, tuple[int, int]]] = {"exercises": {}, "quizzes": {}, "topics": {}}
    for row in rows:
        named = "exercises" if row.kind == "exercise" else "quizzes"
        for heading, label in ((named, f"{row.id:<{column}}  {row.title}"), ("topics", row.topic)):
            if label:
                earned, possible = sections[heading].get(label, (0, 0))
                sections[heading][label] = earned + row.earned_cents, possible + row.possible_cents
    return {heading: section for heading, section in sections.items() if section}


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
