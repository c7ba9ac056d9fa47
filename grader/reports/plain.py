"""What several exports share: what an outcome or an adjustment says, as clean text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from grader.checks.report import Outcome
from grader.classroom.grades import Adjustment, Grade
from grader.reports.array_map import map_lines
from grader.reports.statement import decimal
from grader.sandbox.text import clean

FAULT = "This is a fault of the course, not of your code"
KINDS = {"late": "late policy", "manual": "instructor"}
MAP_WIDTH = 64


def one_line(text: str) -> str:
    """Return the text clean and on one line."""
    return " ".join(clean(text).split())


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
    entries = outcome.wrong.entries if outcome.wrong else ""
    return "\n".join(map_lines(outcome.wrong, MAP_WIDTH)) if outcome.wrong and {*"x."} <= {*entries} else ""


def told(outcome: Outcome) -> str:
    """Return all that a check says: its message, the map, and which mistake it looks like."""
    familiar = f"This looks familiar: {outcome.diagnosis}" if outcome.diagnosis else ""
    parts = (message(outcome), clean(array_map(outcome)), clean(familiar))
    return "\n".join(part for part in parts if part)


def adjustment_text(one: Adjustment) -> str:
    """Say in one line how many credits were added or taken away, where and why."""
    where = f" in {one_line(one.exercise)}" if one.exercise else ""
    return f"{signed(one.cents)} credits{where} ({KINDS[one.kind]}): {one_line(one.reason)}"


def remarks(grade: Grade) -> list[str]:
    """Return what there is to say about the submission as a whole: its problem and its adjustments."""
    problem = [f"Not graded, or not whole: {one_line(grade.problem)}"] * bool(grade.problem)
    return [*problem, *map(adjustment_text, grade.adjustments)]


def possible_cents(grade: Grade) -> int:
    """Return what there was to earn in all that was graded."""
    exercises = 100 * sum(one.report.credits for one in grade.exercises)
    return exercises + sum(one.possible_cents for one in grade.quizzes)


def distinct(names: Iterable[str]) -> list[str]:
    """Number the names that came before; consumers take two of one name for the same."""
    seen = Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def line_in(outcome: Outcome, path: str) -> int:
    """Return the last line of the student's file that the message names, else 1."""
    name = re.escape(PurePosixPath(path).name)
    found: list[str] = re.findall(rf"\b{name}(?:, line| stops at line) ([1-9]\d{{0,5}})\b", outcome.message)
    return int(found[-1]) if found else 1
