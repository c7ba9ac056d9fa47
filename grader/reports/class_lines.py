"""The grades of a class -> lines for a terminal: submissions, pass rates, what failed most often."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from statistics import median

from grader.progress.grades import CheckRate, ClassGrades, check_rates, frequent_failures
from grader.reports.statement import mark_of
from grader.reports.text import Line, amount, ends, wrapped
from grader.sandbox.text import one_line, shorten

ROOMY = 60  # columns; with fewer, bars and raw credits give way
BAR = 10


def class_lines(grades: ClassGrades, width: int = 80, most: int = 30) -> list[Line]:
    """Lay out what a class earned.

    Args:
        width: columns of the terminal.
        most: how many submissions are listed.
    """
    count = len(grades.grades)
    lines = [Line(ends(one_line(grades.title), f"{count} submission{'s' * (count != 1)}", width), "heading")]
    lines += _submissions(grades, width, most)
    if rates := check_rates(grades):
        lines += [Line("", "detail"), Line(ends("checks", "passed", width), "heading"), *_rates(rates, width)]
    if failures := frequent_failures(grades, 5):
        lines += [Line("", "detail"), Line("most frequent failures", "heading")]
    for failure in failures:
        said = f"{failure.times}× {failure.exercise}: {one_line(failure.says)}"
        lines += wrapped(said, "detail", width, indent="  ")
    return lines


def _submissions(grades: ClassGrades, width: int, most: int) -> Iterator[Line]:
    def columns(raw: str, adjusted: str) -> str:
        return f"{raw:>8}  {adjusted:>8}" if width >= ROOMY else f"{adjusted:>8}"

    yield Line(ends("", columns("earned", "adjusted"), width), "detail")
    for grade in grades.grades[:most]:
        mark, style = mark_of(grades.possible_cents, grade.cents if grade.graded else None)
        if grade.problem:
            mark, style = "!", "error"
        credits = columns(amount(grade.raw_cents), amount(grade.cents)) if grade.graded else ""
        yield Line(ends(f"  {mark} {one_line(grade.name)}", credits, width).rstrip(), style)
        if grade.problem:
            yield Line(shorten(f"    {one_line(grade.problem)}", width), "note")
    if len(grades.grades) > most:
        yield Line(f"  … {len(grades.grades) - most} more", "detail")
    earned = [grade.cents for grade in grades.grades if grade.graded]
    if earned:
        half = f"half of them earned at least {amount(round(median(earned)))}"
        yield from wrapped(f"{half} of {amount(grades.possible_cents)} credits", "note", width, indent="  ")


def _rates(rates: list[CheckRate], width: int) -> Iterator[Line]:
    for exercise, checks in groupby(rates, key=lambda rate: rate.exercise):
        yield Line(shorten(f"  {exercise}", width), "detail")
        for check in checks:
            title = f"    {one_line(check.title)}{' (hidden)' if check.hidden else ''}"
            full = BAR * check.passed // check.ran if check.ran else 0  # full only if all passed
            bar = f"{'█' * full}{'░' * (BAR - full)}  " if width >= ROOMY else ""
            style = mark_of(check.ran, check.passed)[1] if check.ran else "note"
            yield Line(ends(title, f"{bar}{check.passed:>3} of {check.ran:>3}", width), style)
