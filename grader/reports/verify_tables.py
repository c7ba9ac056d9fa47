"""What the course found out about itself -> lines for a terminal: a table, then what is to be mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from grader.authoring.mutants import Trial
from grader.authoring.quiz_lint import QuizFindings
from grader.authoring.verify import Confusion, Findings
from grader.reports.text import Line, wrapped

CONFUSION_HEADING = Line(
    f"{'exercise':<14}{'mistakes':>9}{'named':>7}{'tied':>6}{'silent':>8}{'misnamed':>10}"
    "  checks that decide",
    "heading",
)


class _WithFaults(Protocol):
    @property
    def faults(self) -> tuple[str, ...]: ...


def _table(heading: str, rows: Iterable[str], results: Iterable[_WithFaults], width: int) -> Iterator[Line]:
    """Lay out a row for each result with the count of its faults, then every fault."""
    results = list(results)
    yield Line(heading, "heading")
    for row, result in zip(rows, results, strict=True):
        state = f"{len(result.faults)} faults" if result.faults else "ok"
        yield Line(f"{row}  {state}", "failed" if result.faults else "passed")
    for result in results:
        for fault in result.faults:
            yield from wrapped(fault, "detail", width, indent="  ")


def verify_lines(results: list[Findings], width: int) -> Iterator[Line]:
    """Lay out what was found about exercises.

    Args:
        width: columns of the terminal.
    """
    heading = f"{'exercise':<14}{'credits':>8}{'checks':>8}{'misconceptions':>16}{'variants':>11}"
    rows = (
        f"{result.exercise:<14}{result.credits:>8}{result.checks:>8}"
        f"{f'{result.caught}/{result.misconceptions}':>16}{f'{result.accepted}/{result.variants}':>11}"
        for result in results
    )
    return _table(heading, rows, results, width)


def quiz_lines(results: list[QuizFindings], width: int) -> Iterator[Line]:
    """Lay out what was found about quizzes."""
    rows = (
        f"{result.quiz:<26}{result.questions:>10}{result.parameterised:>8}{result.credits:>9}"
        for result in results
    )
    return _table(f"{'quiz':<26}{'questions':>10}{'drawn':>8}{'credits':>9}", rows, results, width)


def trial_lines(trials: list[Trial], width: int) -> Iterator[Line]:
    """Lay out what became of mutants."""
    heading = f"{'exercise':<14}{'mutants':>9}{'killed':>9}{'equivalent':>12}{'survivors':>11}"
    rows = (
        f"{trial.exercise:<14}{trial.mutants:>9}{trial.mutants - trial.equivalent - len(trial.survivors):>9}"
        f"{trial.equivalent:>12}{len(trial.survivors):>11}"
        for trial in trials
    )
    return _table(heading, rows, trials, width)


def confusion_lines(confusion: Confusion, width: int) -> Iterator[Line]:
    """Lay out the counts of an exercise, then whatever is not as it should be."""
    numbers = (len(confusion.named), len(confusion.ties), len(confusion.silent), len(confusion.misnamed))
    counts = "".join(f"{number:>{room}}" for number, room in zip(numbers, (7, 6, 8, 10), strict=True))
    deciding = f"{len(confusion.checks) - len(confusion.idle)} of {len(confusion.checks)}"
    row = f"{confusion.exercise:<14}{confusion.total:>9}{counts}  {deciding}"
    yield Line(row, "failed" if confusion.misnamed else "passed")
    for name, ids in confusion.ties:
        others = " and ".join(other for other in ids if other != name)
        yield from wrapped(f"{name} looks like {others}", "detail", width)
    for name in confusion.silent:
        yield from wrapped(f"{name} is not recognised", "detail", width)
    for name, said in confusion.misnamed:
        yield from wrapped(f"{name} is taken for {said}", "failed", width)
    for check in confusion.idle:
        yield from wrapped(f"{check} is failed by no known mistake alone", "skipped", width)
