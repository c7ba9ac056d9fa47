"""The grades of a class -> lines for a terminal: submissions, pass rates, what failed most often."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from statistics import median

from grader.classroom.grades import CheckRate, ClassGrades, Grade, check_rates, frequent_failures
from grader.reports.tables import mark_of
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
    for one in failures:
        said = f"{one.times}× {one.exercise}: {one_line(one.says)}"
        lines += wrapped(said, "detail", width, indent="  ")
    return lines


def _submissions(grades: ClassGrades, width: int, most: int) -> Iterator[Line]:
    yield Line(ends("", _columns("earned", "adjusted", width), width), "detail")
    for grade in grades.grades[:most]:
        yield from _submission(grade, grades.possible_cents, width)
    if len(grades.grades) > most:
        yield Line(f"  … {len(grades.grades) - most} more", "detail")
    graded = [one.cents for one in grades.grades if one.exercises or one.quizzes]
    if graded:
        half = f"half of them earned at least {amount(round(median(graded)))}"
        yield from wrapped(f"{half} of {amount(grades.possible_cents)} credits", "note", width, indent="  ")


def _submission(grade: Grade, possible: int, width: int) -> Iterator[Line]:
    graded = grade.exercises or grade.quizzes
    mark, style = mark_of(possible, grade.cents if graded else None)
    if grade.problem:
        mark, style = "!", "error"
    credits = _columns(amount(grade.raw_cents), amount(grade.cents), width) if graded else ""
    yield Line(ends(f"  {mark} {one_line(grade.name)}", credits, width).rstrip(), style)
    if grade.problem:
        yield Line(shorten(f"    {one_line(grade.problem)}", width), "note")


def _columns(raw: str, adjusted: str, width: int) -> str:
    return f"{raw:>8}  {adjusted:>8}" if width >= ROOMY else f"{adjusted:>8}"


def _rates(rates: list[CheckRate], width: int) -> Iterator[Line]:
    for exercise, checks in groupby(rates, key=lambda one: one.exercise):
        yield Line(shorten(f"  {exercise}", width), "detail")
        for one in checks:
            title = f"    {one_line(one.title)}{' (hidden)' if one.hidden else ''}"
            bar = f"{_bar(one)}  " if width >= ROOMY else ""
            style = mark_of(one.ran, one.passed)[1] if one.ran else "note"
            yield Line(ends(title, f"{bar}{one.passed:>3} of {one.ran:>3}", width), style)


def _bar(one: CheckRate) -> str:
    full = BAR * one.passed // one.ran if one.ran else 0  # full only if all passed
    return "█" * full + "░" * (BAR - full)
