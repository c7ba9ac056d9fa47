"""What was earned and what is still to earn: the overview of a course, and the statement of a learner.

The overview is for a terminal; the statement also comes as JSON and CSV.
"""

from __future__ import annotations

import json
from typing import Literal, NamedTuple

from grader import __version__
from grader.progress import ANONYMOUS, Learner
from grader.reports.text import Line, Style, csv_text, decimal, ends, wrapped
from grader.sandbox.text import shorten

SCHEMA = "rnn-grader/credits/1"
COLUMNS = "learner_id learner kind id title topic earned possible to_earn".split()
ROOMY = 60  # columns; with fewer, what is left to earn gives way to titles


def headed(title: str, learner: Learner, width: int) -> str:
    """Return a title with the learner's name behind it, if someone is logged in."""
    return shorten(title if learner == ANONYMOUS else f"{title} · {learner.name}", width)


def overview_lines(title: str, rows: list[tuple[str, str, int, int | None]], width: int = 80) -> list[Line]:
    """Lay out a table of exercises, the sum of credits and the next thing to do.

    Args:
        rows: id and title of an exercise, credits there are, credits earned (None: never checked).
        width: columns of the terminal.
    """
    lines = [Line(title, "heading"), Line("", "detail")]
    column = max((len(row[0]) for row in rows), default=0)
    next_step = ""
    for exercise, name, credits, earned in rows:
        right = f"{'–' if earned is None else earned:>3} of {credits:>2}"
        lines.append(credits_line(f"{exercise:<{column}}  {name}", credits, earned, right, width))
        if not next_step and (earned is None or earned < credits):
            next_step = f"next: grader {'show' if earned is None else 'check'} {exercise}"
    total = f"{sum(row[3] or 0 for row in rows)} of {sum(row[2] for row in rows)} credits"
    closing = f"{total} · {next_step or 'every exercise is done'}"
    return [*lines, Line("", "detail"), Line(closing, "heading")]


def credits_line(label: str, credits: int, earned: int | None, right: str, width: int) -> Line:
    """Return a row of a table of credits: a sign, what earns them, and at the end of the line the amounts.

    Args:
        earned: of the credits, in the same unit; None if nothing was checked yet.
        width: columns of the terminal.
    """
    mark, style = mark_of(credits, earned)
    return Line(ends(f"  {mark} {label}", right, width), style)


def mark_of(credits: int, earned: int | None) -> tuple[str, Style]:
    """Return the sign and the style for what was earned of what there is; None: nothing yet."""
    if earned is None:
        return "·", "note"
    return ("✓", "passed") if earned >= credits else ("…", "skipped")


# --- the statement ------------------------------------------------------------------------------------


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


def statement_lines(learner: Learner, rows: list[Row], width: int = 80) -> list[Line]:
    """Lay out what a learner earned by exercise, by quiz and by topic, and what is still to earn.

    Args:
        width: columns of the terminal.
    """
    whole = all(row.earned_cents % 100 == 0 and row.possible_cents % 100 == 0 for row in rows)

    def amount(cents: int) -> str:
        return str(cents // 100) if whole else decimal(cents)

    column = max((len(row.id) for row in rows), default=0)
    sections: dict[str, dict[str, tuple[int, int]]] = {"exercises": {}, "quizzes": {}, "topics": {}}
    for row in rows:
        named = "exercises" if row.kind == "exercise" else "quizzes"
        for heading, label in ((named, f"{row.id:<{column}}  {row.title}"), ("topics", row.topic)):
            earned, possible = sections[heading].get(label, (0, 0))
            sections[heading][label] = earned + row.earned_cents, possible + row.possible_cents
    sections["topics"].pop("", None)
    sums = [entry for section in sections.values() for entry in section.values()]
    size = max((len(amount(max(entry))) for entry in sums), default=0)
    lines = [Line(shorten(f"Credits of {learner.name} (id {learner.id})", width), "heading")]
    for heading, section in sections.items():
        if not section:
            continue
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
    who = (learner.id, learner.name)
    return csv_text(COLUMNS, ([*who, *row, row.to_earn_cents] for row in rows))
