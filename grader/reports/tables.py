"""Tables of credits for a terminal: the state of a whole course, and the rows that such tables share."""

from __future__ import annotations

from grader.reports.text import Line, Style, ends

Row = tuple[str, str, int, int | None]
"""Exercise id, title, credits there are, credits earned (None: never checked)."""


def overview_lines(title: str, rows: list[Row], width: int = 80) -> list[Line]:
    """Lay out a table of exercises, the sum of credits and the next thing to do.

    Args:
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
