"""The state of a whole course -> lines for a terminal."""

from __future__ import annotations

from grader.reports.lines import Line, Style

Row = tuple[str, str, int, int | None]
"""Exercise id, title, credits there are, credits earned (None: never checked)."""


def overview_lines(title: str, rows: list[Row], width: int = 80) -> list[Line]:
    """Lay out a table of exercises, the sum of credits and the next thing to do.

    Args:
        width: columns of the terminal.
    """
    earned = sum(row[3] or 0 for row in rows)
    lines = [Line(title, "heading"), Line("", "detail")]
    column = max((len(row[0]) for row in rows), default=0)
    for exercise_id, name, credits, got in rows:
        mark, style = mark_of(credits, got)
        right = f"{'–' if got is None else got:>3} of {credits:>2}"
        room = width - column - len(right) - 7
        text = name if len(name) <= room else name[: room - 1] + "…"
        lines.append(Line(f"  {mark} {exercise_id:<{column}}  {text:<{room}} {right}", style))
    total = f"{earned} of {sum(row[2] for row in rows)} credits"
    return [*lines, Line("", "detail"), Line(f"{total} · {_next(rows)}", "heading")]


def mark_of(credits: int, got: int | None) -> tuple[str, Style]:
    """Return the sign and the style for what was earned of what there is; None: nothing yet."""
    if got is None:
        return "·", "note"
    return ("✓", "passed") if got >= credits else ("…", "skipped")


def _next(rows: list[Row]) -> str:
    for exercise_id, _, credits, got in rows:
        if got is None:
            return f"next: grader show {exercise_id}"
        if got < credits:
            return f"next: grader check {exercise_id}"
    return "every exercise is done"
